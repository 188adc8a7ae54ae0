/** Several checks' plans as one, so that one exec serves them all. Pure. */
import type { StagedPlan } from '../model/check.ts';
import type { Evidence, ProbeCommand, ProbePlan, ProbeResult } from '../model/evidence.ts';

const STAGES = ['before', 'probe', 'after'] as const;

/** One plan, and which of its results is which check's. */
export interface MergedPlan {
  readonly plan: ProbePlan;
  /** Picks the evidence of the n-th plan out of all. */
  evidenceOf(index: number, all: Evidence): Evidence;
}

/** Merges plans; a command that several ask for in the same stage runs once. */
export function mergePlans(plans: readonly StagedPlan[]): MergedPlan {
  const names = new Map<string, string>();
  const owners: Map<string, string>[] = plans.map(() => new Map());
  const phases = STAGES.map((stage) => {
    const commands: ProbeCommand[] = [];
    plans.forEach((plan, index) => {
      for (const command of plan[stage]) {
        const key = JSON.stringify([stage, command.argv]);
        let name = names.get(key);
        if (name === undefined) {
          name = `c${names.size}`;
          names.set(key, name);
          commands.push({ ...command, id: name });
        }
        owners[index]?.set(command.id, name);
      }
    });
    return commands;
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

/** The longest that a plan may take, in seconds: its phases one after the other, each as long as its slowest command. */
export function planLimitSeconds(plan: ProbePlan): number {
  return plan.phases.reduce((sum, phase) => sum + Math.max(0, ...phase.map((c) => c.timeoutSeconds)), 0);
}
