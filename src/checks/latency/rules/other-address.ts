import type { Occurrence } from '../../../model/finding.ts';
import { sameAddress } from '../../../parsers/ip-prefix.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { LatencyFacts, PathFacts } from '../facts.ts';

const meta = {
  id: 'NT-HTTP-004',
  title: 'The first address of a name does not take connections, and another one answers',
  severities: ['critical'],
  meaning:
    'The name has several addresses, and the one that the resolver of the target puts first does not answer, or refuses. curl and browsers try the next one after a moment ("happy eyeballs") and work; what tries the first address alone (many runtimes and older programs) hangs or fails, and what tries them in turn waits each time. Often the first one is of IPv6 (AAAA), and only IPv4 leads anywhere. What else is found about the destination says where the first address is lost.',
  rule: 'DEST is a URL with a name, no connection to the address that getaddrinfo puts first was made, at least one was tried, and curl, which tries all of them, got an answer from another address.',
  source: 'RFC 6724 (order of addresses), RFC 8305 (happy eyeballs)',
  remedy:
    'Mend the way to the first address (the other findings about this destination say where it ends), or take that address out of the name (its AAAA record, where IPv6 leads nowhere). Where neither is yours to change, let the target prefer the other family: in an image with glibc the line "precedence ::ffff:0:0/96 100" in /etc/gai.conf; in a JVM -Djava.net.preferIPv4Stack=true; in Node.js --dns-result-order=ipv4first.',
  explains: {
    depth: 536,
    subject: [...ALL_TRAFFIC, 'NT-ARP-002', 'NT-RT-001', 'NT-RT-003', 'NT-SOCK-001'],
  },
} as const;

function judge({ destination, address, http, results, tcp }: PathFacts): Occurrence[] {
  const { remote, firstByteMs = null } = http?.value ?? {};
  const tries = tcp.value?.tries ?? [];
  if (remote === undefined || firstByteMs === null || address === undefined || tries.length === 0) return [];
  if (sameAddress(remote, address) || address === destination.host) return [];
  if (tries.some(({ outcome }) => outcome === 'connected' || outcome === 'unresolved')) return [];
  const isRefused = tries.every(({ outcome }) => outcome === 'refused');
  const isOfFamilies = address.includes(':') !== remote.includes(':');
  const family = address.includes(':') ? 'IPv6' : 'IPv4';
  const first = isOfFamilies ? `${address} (${family})` : address;
  const how = isRefused ? 'refuses connections' : 'takes no connection';
  const whom = isOfFamilies ? `its ${family === 'IPv6' ? 'IPv4' : 'IPv6'} address ${remote}` : remote;
  return [
    occurrence(
      meta,
      'critical',
      `${destination.host} is ${first} first, which ${how}, while ${whom} answers: programs that try the first address only fail, and those that try them in turn wait.`,
      [...quote(results.tcp, /^(address|ok|failed) |: connect: /, 3), ...quote(results.http, /./, 1)],
      { subject: destination.label },
    ),
  ];
}

export const otherAddress: Rule<LatencyFacts> = {
  meta,
  judge: ({ paths }) => paths.flatMap(judge),
};
