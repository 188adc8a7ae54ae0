/** The latency run: session, evidence, judgement, report. */
import { latency } from '../checks/latency/check.ts';
import { prepared } from '../checks/registry.ts';
import { judge } from '../checks/report.ts';
import type { LatencyArgs } from '../model/args.ts';
import type { Report } from '../model/report.ts';
import { destinationsOf } from './destinations.ts';
import { openSession } from './pod-session.ts';
import type { Progress } from './progress.ts';
import { runChecks } from './run-checks.ts';

/** Measures and judges. @throws {UserError} exit 2 or 3 when there is nothing to report */
export async function latencyReport(args: LatencyArgs, signal: AbortSignal, progress: Progress): Promise<Report> {
  const startedAt = new Date();
  const startedMs = performance.now();
  const { client, session } = await openSession(args, signal, progress);
  const destinations = await destinationsOf(client, args.to, signal);
  const { count, intervalMs, rttFactor, rttFloorMs, baselineMs } = args;
  progress.show(`measuring ${destinations.length} destinations, ${count} probes each, about ${Math.round((count * intervalMs) / 1000)} s`);
  const input = {
    destinations,
    count,
    intervalMs,
    thresholds: { rttFactor, rttFloorMs, ...(baselineMs === undefined ? {} : { baselineMs }) },
  };
  const context = { session, startedAt, startedMs, timeoutMs: args.session.timeoutMs, signal };
  return judge(await runChecks([prepared(latency, input)], context));
}
