import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { FirewallFacts, PathFacts } from '../facts.ts';
import { nameOf, quoteReach, seen } from '../path.ts';
import { senderText } from '../sender.ts';
import { objectorsTold } from '../told.ts';

const meta = {
  id: 'NT-FW-012',
  title: 'A host on the way calls a header of the packets wrong',
  severities: ['critical'],
  meaning:
    'What is sent comes back as an ICMP "parameter problem": a router, a firewall or the destination cannot or will not read one of its headers (IP options, a security label, an IPv6 extension header, a header that somebody on the way has damaged). Connections fail at once with "Protocol error", which has nothing to do with the protocol of the application.',
  rule: 'The connection fails with EPROTO, which the kernel makes of an ICMP parameter problem (IPv4 type 12, IPv6 type 4) about this very connection, and of nothing else. Its sender is named where the socket is told (Linux 5.9) or ICMP may be listened for.',
  source: 'RFC 792; RFC 4443, 3.4; tcp_v4_err in net/ipv4/tcp_ipv4.c',
  remedy:
    'See on the sender what it does to packets with options or extension headers, and find who puts them there: capture the probe where it leaves and where it arrives (tcpdump -vv shows options), and compare.',
  explains: { depth: 832, subject: ['NT-LAT', 'NT-TLS', 'NT-HTTP-001', 'NT-HTTP-003'] },
} as const;

/** Whom the socket was told of, it is; of others that were heard, one alone is sure to be it. */
function whoText(path: PathFacts, { objectors }: FirewallFacts): string {
  const [told] = objectorsTold(path.reach.value?.tries ?? []);
  if (told !== undefined) return senderText(path, told);
  const [only, ...more] = objectors;
  return more.length === 0 ? senderText(path, only) : `one of ${objectors.join(', ')}`;
}

export const wrongHeader: Rule<FirewallFacts> = {
  meta,
  judge: (facts) =>
    facts.paths.flatMap((path) =>
      path.cause.kind !== 'wrong-header'
        ? []
        : [
            occurrence(
              meta,
              'critical',
              `${nameOf(path)} is not reached: ${whoText(path, facts)} calls a header of what is sent wrong (ICMP parameter problem); connecting fails with ${seen(path)}.`,
              [
                ...(facts.objectors.length > 0 ? quote(facts.captureResult, /parameter problem/, 1) : []),
                ...quoteReach(path),
              ],
              { subject: path.destination.label },
            ),
          ],
    ),
};
