import { advice, NODE, nettools, verbatim } from '../../../model/advice.ts';
import { LOST_PACKETS } from '../../shared/effects.ts';
import { reversePath, silentNextHop } from '../known-causes.ts';
import { setBehind } from '../set-behind.ts';
import { endOf, lossRule, outcomeOf, where } from '../story.ts';

const meta = {
  id: 'NT-PATH-004',
  title: "Lost on the destination's node",
  severities: ['critical'],
  meaning:
    "The probe reached the node of the destination, but not the destination itself: a rule in the node's FORWARD chain (a NetworkPolicy that the CNI plugin enforces there, say), reverse-path filtering, a missing route to the pod, or a neighbour entry that is wrong.",
  rule: "The same SYN is seen coming into the destination's node, and not leaving it to the destination, or not arriving there.",
  source: 'RFC 9293, section 3.4, for the tag',
  remedy: advice`Look at that node: ${nettools`diagnose ${NODE}`}; ${verbatim`kubectl nettools firewall`} with the same TARGET and DEST says what the NetworkPolicies of both ends allow.`,
  explains: { depth: 780, subject: [...LOST_PACKETS, 'NT-SOCK-001'] },
} as const;

export const destinationNode = lossRule(
  meta,
  ({ last, missed }) =>
    last !== undefined &&
    missed.packet === 'probe' &&
    (last.role === 'destination-node' || (missed.role === 'destination-node' && missed.way === 'out')),
  (path, loss) => `The probe to ${endOf(path)} is lost ${where(loss)} (${outcomeOf(path)})`,
  (path, loss) => reversePath(loss) ?? silentNextHop(loss) ?? setBehind(path, loss),
);
