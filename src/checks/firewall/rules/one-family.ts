import type { Occurrence } from '../../../model/finding.ts';
import { socketAddress } from '../../../model/socket-address.ts';
import { quote } from '../../shared/quote.ts';
import { quoteTries } from '../../shared/reach-probe.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { FirewallFacts } from '../facts.ts';
import { type LoopbackFacts, type LoopbackTry, splitOf } from '../loopback.ts';

const meta = {
  id: 'NT-SOCK-007',
  title: 'localhost answers by one of its addresses only',
  severities: ['critical', 'warning'],
  meaning:
    'localhost is 127.0.0.1 and ::1, and the program listens on one of them only, or on the addresses of one family. Clients that try every address of a name work; those that take the first one only are refused for ever. BusyBox wget is one, in many health checks, and so are runtimes that prefer IPv6.',
  rule: 'DEST is localhost with a port, /etc/hosts gives it both 127.0.0.1 and ::1, a connection to one of them is made and to the other is refused (warning; critical where the resolver of the target puts that one first).',
  source: 'RFC 6761, section 6.3 (localhost); RFC 6724, section 2.1 (::1 is preferred); hosts(5)',
  remedy:
    'Write the address that answers in place of localhost in health checks and configuration, or let the program listen on both families (:: with IPV6_V6ONLY off, or a second listener).',
} as const;

function judge(facts: LoopbackFacts, isFirst: boolean): Occurrence[] {
  const { destination, hosts, hostsResult } = facts;
  const split = splitOf(facts);
  if (split === undefined) return [];
  const end = ({ address }: LoopbackTry): string => socketAddress(address, destination.port);
  const whom = isFirst
    ? ", and that is the one that the target's own resolver puts first"
    : ': clients that try the first address only may fail';
  return [
    occurrence(
      meta,
      isFirst ? 'critical' : 'warning',
      `localhost is ${hosts.value?.join(' and ')} there: ${end(split.open)} takes connections, and ${end(split.refused)} refuses them${whom}.`,
      [
        ...quoteTries(split.open.result, 1),
        ...quoteTries(split.refused.result, 3),
        ...quote(hostsResult, /\blocalhost\b/i, 2),
      ],
      { subject: destination.label },
    ),
  ];
}

export const oneFamily: Rule<FirewallFacts> = {
  meta,
  judge: ({ loopbacks, paths }) =>
    loopbacks.flatMap((one) =>
      judge(
        one,
        paths.find(({ destination }) => destination.id === one.destination.id)?.cause.kind === 'refused',
      ),
    ),
};
