import { advice, NODE, nettools } from '../../../model/advice.ts';
import { LOST_PACKETS } from '../../shared/effects.ts';
import { reversePath, silentNextHop } from '../known-causes.ts';
import { setBehind } from '../set-behind.ts';
import { endOf, lossRule, outcomeOf, where } from '../story.ts';

const meta = {
  id: 'NT-PATH-002',
  title: "Lost on the source's node",
  severities: ['critical'],
  meaning:
    "The probe left the source and did not get past its node: a rule in the node's FORWARD chain, a BPF program at the pod's interface, a missing route or IP forwarding that is off.",
  rule: 'The same SYN (by its sequence number) is seen leaving the source, and not leaving its node; or, where the destination runs on the same node, not arriving at it.',
  source: 'RFC 9293, section 3.4: an initial sequence number stays what it is through routers and NAT',
  remedy: advice`Look at the node: ${nettools`diagnose ${NODE}`}, and nft list ruleset with counters (${nettools`run ${NODE} -- nft list ruleset`}).`,
  explains: { depth: 760, subject: [...LOST_PACKETS, 'NT-SOCK-001'] },
} as const;

export const sourceNode = lossRule(
  meta,
  ({ last, missed }) =>
    last !== undefined &&
    missed.packet === 'probe' &&
    (missed.role === 'source-node' || missed.role === 'node' || last.role === 'node'),
  (path, loss) => `The probe to ${endOf(path)} is lost ${where(loss)} (${outcomeOf(path)})`,
  (path, loss) => reversePath(loss) ?? silentNextHop(loss) ?? setBehind(path, loss),
);
