import { LOST_PACKETS } from '../../shared/effects.ts';
import { betweenNodes } from '../next-node.ts';
import { endOf, lossRule, outcomeOf, where } from '../story.ts';

const meta = {
  id: 'NT-PATH-003',
  title: 'Lost between the source and the destination',
  severities: ['critical'],
  meaning:
    "The probe left one machine and did not reach the next: the network between the nodes drops it (a security group, a router without the route, an overlay's UDP port that is closed, a check of source addresses). Where only the ends were watched, the nodes are part of it.",
  rule: 'The same SYN is seen leaving the last place on the side of the source that was watched, and not arriving at the first one on the side of the destination.',
  source: 'RFC 9293, section 3.4, for the tag',
  remedy:
    'With --deep the nodes are watched too. Between nodes look at security groups, at the routes for the pod ranges, and at the port of the overlay (VXLAN: UDP 8472 or 4789, Geneve: 6081, WireGuard: 51820; IPIP is IP protocol 4, GRE is 47, which have no port).',
  explains: { depth: 770, subject: [...LOST_PACKETS, 'NT-SOCK-001'] },
} as const;

export const between = lossRule(
  meta,
  ({ last, missed }) =>
    missed.packet === 'probe' &&
    missed.way === 'in' &&
    (last?.role === 'source' || last?.role === 'source-node') &&
    (missed.role === 'destination-node' || missed.role === 'destination'),
  (path, loss) => `The probe to ${endOf(path)} is lost ${where(loss)} (${outcomeOf(path)})`,
  betweenNodes,
);
