/** `arp`: neighbours on the target's own links (ARP, and NDP as far as the kernel tells): asked first, then read. */
import type { Check } from '../../model/check.ts';
import { type MaybeUnread, tellingUnread } from '../shared/unread.ts';
import type { ArpInput } from './facts.ts';
import { followArp } from './follow-up.ts';
import { judgeArp } from './judge.ts';
import { planArp } from './plan.ts';
import { ARP_RULES } from './rules/index.ts';
import { arpTables } from './tables.ts';

const arp: Check<ArpInput & MaybeUnread> = {
  id: 'arp',
  findings: ARP_RULES.map((rule) => rule.meta),
  plan: planArp,
  followUp: followArp,
  judge: tellingUnread(judgeArp),
  tables: arpTables,
};

export default arp;
