/** What a run of tests would add, and where; nothing is added. */
import type { CheckId } from '../checks/registry.ts';
import { askedDestinations } from '../cluster/destinations.ts';
import type { NetworkTestPlan, PlannedSource } from '../model/network-test.ts';
import type { TestArgs } from '../model/test-args.ts';
import { findRunningSession } from '../open/running-session.ts';
import { PROBE_SCRIPTS } from '../probes/scripts.ts';
import { mergePlans } from '../run/merged-plan.ts';
import { prepareAll } from '../run/target-run.ts';
import type { Cases, Source } from './test-cases.ts';
import { DIAGNOSIS, NAMES_AT_ONCE } from './test-run.ts';

/** @throws the signal's reason */
export async function planOf(
  { cases, sources }: Cases,
  args: TestArgs,
  signal: AbortSignal,
): Promise<NetworkTestPlan> {
  const planned: PlannedSource[] = [];
  for (const source of sources) {
    const { surveyed, dests, expectations } = source;
    planned.push({
      from: surveyed.title,
      ...addedTo(source, args),
      expectations,
      destinations: [...dests.keys()],
      probes: await probesOf(source, args, signal),
    });
  }
  const denied = cases.filter(({ test }) => test.expect.connection === 'denied');
  return {
    apiVersion: 'nettools/v1',
    kind: 'NetworkTestPlan',
    sources: planned,
    witnesses: args.witness === 'node' ? [...new Set(denied.flatMap(({ to }) => to ?? []))] : [],
    problems: cases.flatMap(({ test, what }) =>
      'problem' in what ? [`${test.place.file}:${test.place.line}: ${what.problem}`] : [],
    ),
  };
}

function addedTo({ surveyed }: Source, { session }: TestArgs): Pick<PlannedSource, 'adds' | 'why'> {
  const { target, pod } = surveyed;
  switch (target.spec.kind) {
    case 'node':
      return { adds: 'pod on the node', why: 'it is removed afterwards' };
    case 'docker':
      return { adds: 'container', why: 'it is removed afterwards' };
    case 'name':
    case 'selector': {
      if (session.via === 'node') return { adds: 'pod on the node', why: 'as --via node says' };
      const running = pod && findRunningSession(pod, session);
      if (running !== undefined) return { adds: 'nothing', why: `the session ${running} runs already` };
      return { adds: 'ephemeral container', why: 'its entry stays in the spec of the pod' };
    }
    default:
      return { adds: 'nothing', why: 'it is on this machine' };
  }
}

/** Commands of the one exec; those for each further name and for a load come on top. */
async function probesOf(
  { surveyed, dests, names }: Source,
  { connection, session, thresholds }: TestArgs,
  signal: AbortSignal,
): Promise<number> {
  const to = [...dests.keys()];
  const { subject } = surveyed;
  const asked = await askedDestinations(subject, to);
  const options = {
    connection,
    session,
    thresholds,
    to,
    names: [...names].slice(0, NAMES_AT_ONCE),
    options: {},
  };
  const checks = await prepareAll(DIAGNOSIS as readonly CheckId[], { subject, args: options, asked, signal });
  const plans = checks.map(({ check, input }) => check.plan(input, PROBE_SCRIPTS));
  return mergePlans(plans).plan.phases.flat().length;
}
