/** Gathers the evidence of prepared checks on an open session: one exec for all of them. */
import { BUNDLE_FORMAT, type Bundle } from '../model/bundle.ts';
import type { Cost } from '../model/cost.ts';
import type { Evidence } from '../model/evidence.ts';
import type { LiveSink } from '../model/live.ts';
import { maskQueries } from '../model/mask-query.ts';
import { errorWords } from '../model/sentence.ts';
import { version } from '../model/version.ts';
import type { Deadline } from '../open/deadline.ts';
import { gather } from '../probes/gather.ts';
import { PROBE_SCRIPTS } from '../probes/scripts.ts';
import type { Session } from '../targets/session.ts';
import { watchLive } from './live-watch.ts';
import { mergePlans, planLimitSeconds } from './merged-plan.ts';
import type { PreparedCheck } from './prepared-check.ts';
import { verifiedChains } from './verified-chains.ts';

/** What a run has, besides what the session knows. */
export interface RunContext {
  readonly session: Session;
  /** When the command started: by the calendar, and by the monotonic clock in ms. */
  readonly startedAt: Date;
  readonly startedMs: number;
  readonly deadline: Deadline;
  /** Who looks on, where somebody does. */
  readonly live?: LiveSink | undefined;
}

/** Gathers; nothing is judged yet. @throws GatherError, ChannelError, or the signal's reason */
export async function gatherChecks(checks: readonly PreparedCheck[], context: RunContext): Promise<Bundle> {
  const { session, deadline, live } = context;
  const merged = mergePlans(checks.map(({ check, input }) => check.plan(input, PROBE_SCRIPTS)));
  deadline.allow(planLimitSeconds(merged.plan) * 1000);
  const probing = performance.now();
  let cost: Cost | undefined;
  const options = { signal: deadline.signal, budget: session.budget };
  const watched = live && (await watchLive(checks, session.channel, { ...options, live }));
  const gathered = {
    ...options,
    onCost: (counted: Cost) => {
      // On this machine itself the counters are those of everything that runs here.
      if (['pod', 'node', 'docker'].includes(session.info.kind)) cost = totalCost(cost, counted);
    },
  };
  const all = watched === undefined && (await gather(session.channel, merged.plan, gathered));
  const evidences = checks.map((_, i) => (all ? merged.evidenceOf(i, all) : (watched ?? {})));
  const more = all ? await followUp(checks, evidences, { session, deadline, gathered }) : [];
  const verified = await Promise.all(
    checks.map(({ check, input }, i) => verifiedChains(check.chains?.(evidences[i] ?? {}, input) ?? [])),
  );
  const durationMs = Math.round(performance.now() - probing);
  return {
    apiVersion: 'nettools/v1',
    kind: 'Bundle',
    format: BUNDLE_FORMAT,
    tool: { version },
    target: session.info,
    startedAt: context.startedAt.toISOString(),
    durationMs: Math.round(performance.now() - context.startedMs),
    checks: checks.map(({ check, input }, i) => ({
      id: check.id,
      // The requests are sent: nobody needs the secrets in their URLs any more.
      input: maskQueries(input),
      evidence: { ...evidences[i], ...more[i], ...verified[i] },
      durationMs,
    })),
    ...(cost === undefined ? {} : { cost }),
  };
}

/** What the checks ask once they have seen the evidence, each its own; nothing of it where none asks. @throws the signal's reason */
async function followUp(
  checks: readonly PreparedCheck[],
  evidences: readonly Evidence[],
  {
    session,
    deadline,
    gathered,
  }: Pick<RunContext, 'session' | 'deadline'> & { readonly gathered: Parameters<typeof gather>[2] },
): Promise<readonly Evidence[]> {
  const merged = mergePlans(
    checks.map(({ check, input }, i) => ({
      before: [],
      probe: check.followUp?.(evidences[i] ?? {}, input, PROBE_SCRIPTS) ?? [],
      after: [],
    })),
  );
  if (merged.plan.phases.length === 0) return [];
  deadline.progress.show('asking more about what failed');
  deadline.allow(planLimitSeconds(merged.plan) * 1000);
  try {
    const all = await gather(session.channel, merged.plan, gathered);
    return checks.map((_, i) => merged.evidenceOf(i, all));
  } catch (error) {
    deadline.signal.throwIfAborted();
    // What was seen is a report without it.
    deadline.progress.note(`more about what failed could not be asked: ${errorWords(error)}`);
    return [];
  }
}

/** Of two executions on one target, one after the other. */
function totalCost(first: Cost | undefined, second: Cost): Cost {
  const most = (name: 'memoryPeakBytes' | 'processesPeak'): Cost => {
    const value = Math.max(first?.[name] ?? 0, second[name] ?? 0);
    return value === 0 ? {} : { [name]: value };
  };
  const cpuSeconds = (first?.cpuSeconds ?? 0) + (second.cpuSeconds ?? 0);
  return {
    ...most('memoryPeakBytes'),
    ...most('processesPeak'),
    ...(first?.cpuSeconds === undefined && second.cpuSeconds === undefined ? {} : { cpuSeconds }),
  };
}
