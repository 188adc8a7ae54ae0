import { advice, verbatim } from '../../../model/advice.ts';
import { LOST_PACKETS } from '../../shared/effects.ts';
import { endOf, lossRule, outcomeOf, placeOf } from '../story.ts';

const meta = {
  id: 'NT-PATH-001',
  title: 'The packet never leaves the source',
  severities: ['critical'],
  meaning:
    "The probe was sent by a program and never came out of the source's interface: its own network namespace stops it, by a rule in OUTPUT, by a route, or because the next hop has no MAC address.",
  rule: 'The connection fails, and tcpdump on all interfaces of the source sees no SYN of it.',
  source: 'packet(7): a capture sees what leaves after netfilter; RFC 9293, section 3.4, for the tag',
  remedy: advice`Look at the source alone: ${verbatim`kubectl nettools firewall`}, routing and arp with the same TARGET and DEST name the rule, the route or the neighbour.`,
  explains: { depth: 750, subject: [...LOST_PACKETS, 'NT-SOCK-001'] },
} as const;

export const source = lossRule(
  meta,
  ({ last }) => last === undefined,
  (path, { missed }) =>
    `The probe to ${endOf(path)} never left ${placeOf(missed)} itself (${outcomeOf(path)})`,
);
