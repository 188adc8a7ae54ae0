/** The latency run: session, evidence, judgement, report. */
import { judgeLatency } from '../checks/latency/judge.ts';
import { planLatency, probeLimitSeconds } from '../checks/latency/plan.ts';
import type { LatencyArgs } from '../model/args.ts';
import { type Report, verdictOf } from '../model/report.ts';
import { version } from '../model/version.ts';
import { gather } from '../probes/gather.ts';
import PING from '../probes/ping.sh';
import TCP_CONNECT from '../probes/tcp-connect.bash';
import { destinationsOf } from './destinations.ts';
import { openSession } from './pod-session.ts';
import type { Progress } from './progress.ts';

/** Measures and judges. @throws {UserError} exit 2 or 3 when there is nothing to report */
export async function latencyReport(args: LatencyArgs, signal: AbortSignal, progress: Progress): Promise<Report> {
  const startedAt = new Date();
  const started = performance.now();
  const { client, session } = await openSession(args, signal, progress);
  const destinations = await destinationsOf(client, args.to, signal);
  const options = { count: args.count, intervalMs: args.intervalMs, scripts: { ping: PING, tcpConnect: TCP_CONNECT } };
  const plan = planLatency(destinations, options);
  const seconds = Math.round((args.count * args.intervalMs) / 1000);
  progress.show(`measuring ${destinations.length} destinations, ${args.count} probes each, about ${seconds} s`);
  const probing = performance.now();
  const limit = AbortSignal.timeout(probeLimitSeconds(options) * 1000 + args.session.timeoutMs);
  const evidence = await gather(session.channel, plan, { signal: AbortSignal.any([signal, limit]) });
  const thresholds = { rttFactor: args.rttFactor, rttFloorMs: args.rttFloorMs, baselineMs: args.baselineMs };
  const check = judgeLatency(evidence, destinations, thresholds, Math.round(performance.now() - probing));
  return {
    apiVersion: 'nettools/v1',
    kind: 'Report',
    tool: { version },
    target: session.info,
    startedAt: startedAt.toISOString(),
    durationMs: Math.round(performance.now() - started),
    verdict: verdictOf([check]),
    checks: [check],
  };
}
