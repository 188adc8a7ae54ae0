/** `mtu`: the largest packet that gets through to each destination, and whether senders learn when one does not. */
import type { Check } from '../../model/check.ts';
import { type MaybeUnread, tellingUnread } from '../shared/unread.ts';
import type { MtuInput } from './facts.ts';
import { judgeMtu } from './judge.ts';
import { planMtu } from './plan.ts';
import { MTU_RULES } from './rules/index.ts';
import { mtuTables } from './tables.ts';

const mtu: Check<MtuInput & MaybeUnread> = {
  id: 'mtu',
  findings: MTU_RULES.map((rule) => rule.meta),
  plan: planMtu,
  judge: tellingUnread(judgeMtu),
  tables: mtuTables,
};

export default mtu;
