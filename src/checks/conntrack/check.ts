/** `conntrack`: the connection tracking of the target's own namespace. The node's is another. */
import type { Check } from '../../model/check.ts';
import { type MaybeUnread, tellingUnread } from '../shared/unread.ts';
import type { ConntrackInput } from './facts.ts';
import { followConntrack } from './follow-up.ts';
import { judgeConntrack } from './judge.ts';
import { conntrackMeasures } from './measures.ts';
import { planConntrack } from './plan.ts';
import { CONNTRACK_RULES } from './rules/index.ts';

const conntrack: Check<ConntrackInput & MaybeUnread> = {
  id: 'conntrack',
  findings: CONNTRACK_RULES.map((rule) => rule.meta),
  plan: planConntrack,
  followUp: followConntrack,
  judge: tellingUnread(judgeConntrack),
  measures: conntrackMeasures,
};

export default conntrack;
