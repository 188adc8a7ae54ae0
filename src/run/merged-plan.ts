/** Several checks' plans as one, so that one exec serves them all. Pure. */
import type { StagedPlan } from '../model/check.ts';
import type { Evidence, ProbeCommand, ProbePlan, ProbeResult } from '../model/evidence.ts';

/** As many of its commands as the shell runner lets run at the same time (runner.sh). */
const LEAST_AT_ONCE = 3;

const STAGES = ['before', 'probe', 'after'] as const;

/** One plan, and which of its results is which check's. */
export interface MergedPlan {
  readonly plan: ProbePlan;
  /** Picks the evidence of the n-th plan out of all. */
  evidenceOf(index: number, all: Evidence): Evidence;
}

/**
 * Merges plans; a command that several ask for in the same stage runs once, with the longest of their time limits, and one
 * that another one of the stage covers does not run.
 */
export function mergePlans(plans: readonly StagedPlan[]): MergedPlan {
  let count = 0;
  const owners: Map<string, string>[] = plans.map(() => new Map());
  const phases = STAGES.map((stage) => {
    const commands = new Map<string, ProbeCommand>();
    const asked = new Set(plans.flatMap((plan) => plan[stage].map(({ argv }) => JSON.stringify(argv))));
    plans.forEach((plan, index) => {
      for (const one of plan[stage]) {
        const { coveredBy, ...plain } = one;
        const isCovered = coveredBy !== undefined && asked.has(JSON.stringify(coveredBy));
        const command = isCovered ? { ...plain, argv: coveredBy } : plain;
        const key = JSON.stringify(command.argv);
        const same = commands.get(key) ?? { ...command, id: `c${count++}` };
        commands.set(key, {
          ...same,
          timeoutSeconds: Math.max(same.timeoutSeconds, command.timeoutSeconds),
        });
        owners[index]?.set(command.id, same.id);
      }
    });
    return [...commands.values()];
  });
  return {
    plan: { phases: phases.filter((phase) => phase.length > 0) },
    evidenceOf(index, all) {
      const evidence: Record<string, ProbeResult> = {};
      for (const [id, name] of owners[index] ?? []) {
        const result = all[name];
        if (result) evidence[id] = { ...result, id };
      }
      return evidence;
    },
  };
}

/**
 * The longest that a plan may take, in seconds: its phases one after the other, each as long as its slowest command. With
 * few processes at once (a foreign image has no prober) commands wait for each other.
 */
export function planLimitSeconds(plan: ProbePlan): number {
  const phases = plan.phases.map((phase) => phase.filter(({ listens }) => !listens));
  const slowest = (phase: readonly ProbeCommand[]): number =>
    phase.reduce((most, { timeoutSeconds }) => Math.max(most, timeoutSeconds), 0);
  const all = phases.flat().reduce((sum, { timeoutSeconds }) => sum + timeoutSeconds, 0);
  return phases.reduce((sum, phase) => sum + slowest(phase), 0) + Math.ceil(all / LEAST_AT_ONCE);
}
