/** `throughput`: how much one TCP connection carries. It loads the network, so no other check run includes it. */
import type { Check } from '../../model/check.ts';
import type { ThroughputInput } from './facts.ts';
import { judgeThroughput } from './judge.ts';
import { throughputMeasures } from './measures.ts';
import { planThroughput } from './plan.ts';
import { lowThroughput } from './rules/low-throughput.ts';
import { throughputTables } from './tables.ts';

const throughput: Check<ThroughputInput> = {
  id: 'throughput',
  findings: [lowThroughput.meta],
  plan: planThroughput,
  judge: judgeThroughput,
  tables: throughputTables,
  measures: throughputMeasures,
};

export default throughput;
