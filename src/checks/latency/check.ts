/** `latency`: round-trip times, loss, retransmits and queues on the ways that a target depends on. */
import type { Check } from '../../model/check.ts';
import type { LatencyInput } from './facts.ts';
import { followLatency } from './follow-up.ts';
import { judgeLatency } from './judge.ts';
import { latencyMeasures } from './measures.ts';
import { planLatency } from './plan.ts';
import { LATENCY_RULES } from './rules/index.ts';
import { latencyTables } from './tables.ts';

const latency: Check<LatencyInput> = {
  id: 'latency',
  findings: LATENCY_RULES.map((rule) => rule.meta),
  plan: planLatency,
  followUp: followLatency,
  judge: judgeLatency,
  tables: latencyTables,
  measures: latencyMeasures,
};

export default latency;
