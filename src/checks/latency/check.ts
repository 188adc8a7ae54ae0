/** `latency`: round-trip times, loss, retransmits and queues on the ways that a target depends on. */
import type { Check } from '../../model/check.ts';
import type { LatencyInput } from './facts.ts';
import { judgeLatency } from './judge.ts';
import { planLatency } from './plan.ts';

export const latency: Check<LatencyInput> = { id: 'latency', plan: planLatency, judge: judgeLatency };
