import { advice, nettools, TARGET } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import type { DnsQuery } from '../../../parsers/dns-probe.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DnsFacts, NameFacts, ServerFacts } from '../facts.ts';
import { isAnswered, quoteQueries } from '../wording.ts';

const meta = {
  id: 'NT-DNS-023',
  title: 'A large answer arrives over TCP, and never over UDP',
  severities: ['critical'],
  meaning:
    'The answer for one name does not fit into one packet. The server sends it by UDP all the same, in fragments, and something on the way drops those: each lookup of this name waits for its time-out and fails, while all other names resolve. A server has to cut an answer at 512 bytes, or at what the client offers (EDNS, mostly 1232), and to set the flag TC, so that the client asks by TCP.',
  rule: 'Of a server that answers other questions over UDP: each UDP question for this name and type got no answer, at least two of them; the same server answers it over TCP; and its addresses alone make the answer larger than 1472 bytes, the most that one packet of 1500 bytes carries.',
  source: 'RFC 1035, 4.2.1; RFC 6891, 6.2.5; DNS flag day 2020 (1232 bytes)',
  remedy: advice`Make the server keep to the size that the client offers (CoreDNS: the plugin bufsize, "bufsize 1232"; BIND and Unbound: max-udp-size 1232), or the answer smaller (fewer records). Then find what drops fragments: ${nettools`mtu ${TARGET} --to IP`}, and tcpdump 'ip[6:2] & 0x3fff != 0' on both sides. Until then "options use-vc" in resolv.conf (dnsConfig.options) lets glibc ask by TCP.`,
  remedyOutside:
    'Make the server keep to the size that the client offers (CoreDNS: the plugin bufsize, "bufsize 1232"; BIND and Unbound: max-udp-size 1232), or the answer smaller (fewer records). Then find what drops fragments: tcpdump \'ip[6:2] & 0x3fff != 0\' on both sides. Until then "options use-vc" in resolv.conf lets glibc ask by TCP.',
  explains: { depth: 928, target: ['NT-DNS-007', 'NT-DNS-011', 'NT-DNS-012'] },
} as const;

/** An Ethernet packet without the headers of IPv4 and UDP. */
const MOST_IN_ONE = 1472;
/** A question that is lost once may be so by chance. */
const LEAST_LOST = 2;

/** At the least: a header, the question, and each address with its owner's name as a pointer (RFC 1035, 4.1). */
function leastBytes({ question, addresses }: DnsQuery): number {
  const record = 12 + (question.type === 'A' ? 4 : 16);
  return 12 + question.name.length + 1 + 4 + addresses.length * record;
}

const isSame = (one: DnsQuery, other: DnsQuery): boolean =>
  one.question.name.toLowerCase() === other.question.name.toLowerCase() &&
  one.question.type === other.question.type;

function judge(
  { name }: NameFacts,
  candidates: ReadonlySet<string>,
  server: ServerFacts,
  facts: DnsFacts,
): Occurrence[] {
  if (server.udp.reach !== 'answers') return [];
  const whole = server.tcp.queries.filter(
    (q) => isAnswered(q) && candidates.has(q.question.name.toLowerCase()) && leastBytes(q) > MOST_IN_ONE,
  );
  for (const answer of whole) {
    const again = facts.again.filter((q) => q.server === server.address);
    const tries = [...server.udp.queries, ...again].filter((q) => isSame(q, answer));
    const lost = tries.reduce((sum, q) => sum + q.lost, 0);
    if (lost < LEAST_LOST || tries.some((q) => q.outcome !== 'timeout')) continue;
    return [
      occurrence(
        meta,
        'critical',
        `${server.label} answers ${answer.question.name} ${answer.question.type} over TCP, with ${answer.addresses.length} addresses (at least ${leastBytes(answer)} bytes), and never over UDP (${lost} tries), while it answers other questions by both: what does not fit into one packet is lost on the way, as fragments.`,
        quoteQueries([...tries.slice(0, 1), answer], 2),
        { subject: name },
      ),
    ];
  }
  return [];
}

export const largeAnswer: Rule<DnsFacts> = {
  meta,
  judge: (facts) =>
    facts.names.flatMap((name) => {
      const candidates = new Set(name.candidates.map((one) => one.name.toLowerCase()));
      // One server is enough to tell it of the name.
      return [...facts.servers, ...facts.endpoints]
        .flatMap((server) => judge(name, candidates, server, facts))
        .slice(0, 1);
    }),
};
