/** `drops`: what the kernel drops, where and why. It takes the capability BPF, so no other check run includes it. */
import type { Check } from '../../model/check.ts';
import type { DropsInput } from './facts.ts';
import { judgeDrops } from './judge.ts';
import { LiveDrops } from './live.ts';
import { planDrops } from './plan.ts';
import { DROP_RULES } from './rules/index.ts';
import { dropsTables } from './tables.ts';

const drops: Check<DropsInput> = {
  id: 'drops',
  findings: DROP_RULES.map(({ meta }) => meta),
  plan: planDrops,
  judge: judgeDrops,
  tables: dropsTables,
  live: (input) => new LiveDrops(input),
  // Who has which address changes all the time, and nothing is looked at again for it.
  stateOf: ({ peers, own }) => [peers, own],
};

export default drops;
