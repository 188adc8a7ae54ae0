/** What a run costs its target is bounded by the runner's budget: no check's plan goes round it. */
import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../../src/checks/registry.ts';
import { FULL_BUDGET } from '../../../src/model/budget.ts';
import type { Check, StagedPlan } from '../../../src/model/check.ts';
import type { ProbeCommand } from '../../../src/model/evidence.ts';
import { encodePlan } from '../../../src/probes/plan.ts';
import { PROBE_SCRIPTS, SCRIPT_TEXTS } from '../../../src/probes/scripts.ts';
import { mergePlans, planLimitSeconds } from '../../../src/run/merged-plan.ts';
import { CASES, type Case } from './cases.ts';

const planOf = ({ check, input }: Case): StagedPlan =>
  (CHECKS[check] as Check<unknown>).plan(input, PROBE_SCRIPTS);
const commandsOf = ({ before, probe, after }: StagedPlan): readonly ProbeCommand[] => [
  ...before,
  ...probe,
  ...after,
];

/** Starts what the runner, which ends a command and bounds how many run, would not know of. */
const DETACHES = /\b(?:nohup|setsid|disown|daemon)\b/;
/** No probe takes longer; a listener ends with the others. */
const LONGEST_SECONDS = 120;

describe.each(CASES.map((one) => [one.name, one] as const))('the plan of %s', (_name, one) => {
  const commands = commandsOf(planOf(one));

  it('is of commands that end, and that the runner can end', () => {
    for (const { argv, timeoutSeconds } of commands) {
      expect(timeoutSeconds).toBeGreaterThan(0);
      expect(timeoutSeconds).toBeLessThanOrEqual(LONGEST_SECONDS);
      expect(argv.join(' ')).not.toMatch(DETACHES);
    }
  });

  it('is sent with the budget first, and each script once', () => {
    const text = encodePlan(mergePlans([planOf(one)]).plan, SCRIPT_TEXTS);
    // Less what the session takes itself (OWN_PROCESSES and OWN_MEBIBYTES of src/probes/plan.ts).
    expect(text).toMatch(/^budget 4 16\n/);
    const scripts = [...text.matchAll(/^script (\S+) /gm)].map(([, name]) => name);
    expect(scripts).toEqual([...new Set(scripts)]);
  });
});

it('every check has a case here', () => {
  const planned = new Set(
    CASES.filter((one) => commandsOf(planOf(one)).length > 0).map(({ check }) => check),
  );
  expect(Object.keys(CHECKS).filter((id) => !planned.has(id as Case['check']))).toEqual([]);
});

it('one command at most listens beside the probes of a diagnosis, and its processes are counted', () => {
  const all = mergePlans(CASES.map(planOf)).plan;
  for (const phase of all.phases) {
    const listening = phase.filter(({ listens }) => listens).map(({ argv }) => argv[0]);
    expect(listening.length).toBeLessThanOrEqual(1);
  }
  expect(FULL_BUDGET).toEqual({ processes: 16, memoryBytes: 24 * 2 ** 20 });
  expect(planLimitSeconds(all)).toBeGreaterThan(0);
});

it('no script of a probe detaches what it starts', () => {
  for (const [name, text] of Object.entries(SCRIPT_TEXTS)) expect(text, name).not.toMatch(DETACHES);
});
