import { advice, NODE, nettools, TARGET } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import type { DnsQuery } from '../../../parsers/dns-probe.ts';
import { formatMs } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { most } from '../../shared/statistics.ts';
import type { DnsFacts, ServerFacts } from '../facts.ts';
import { enumerate, isAnswered, quoteQueries } from '../wording.ts';
import { stranded } from './outside-names.ts';

const meta = {
  id: 'NT-DNS-012',
  title: 'DNS packets get lost',
  severities: ['warning'],
  meaning:
    'The name servers answer, but some queries or answers are lost on the way. UDP does not retransmit: the resolver waits 5 s for each lost packet before it retries. Lookups are fast, or take 5 or 10 s, at random.',
  rule: 'Of the UDP queries to servers that answer others, at least 2 were lost (of those with a time-out of only 1 s, the losses of the worst server alone count: a moment without CPU hits all servers at once); or one was lost and getaddrinfo took as long as a time-out. Every answer that came took less than 500 ms, those that came after their time included, which are not lost; and no server behind the Service is silent to all queries (NT-DNS-009).',
  source:
    'resolv.conf(5): timeout; losing two of about 15 queries is not chance on a network that loses less than 1 %',
  remedy: advice`Find what loses packets: ${nettools`latency ${TARGET}`} shows whether all traffic is affected or only DNS. If only DNS: a rate limit (nft limit, a security group, a cloud's packet quota for its resolver), a full connection table (${nettools`conntrack ${NODE}`}), or a DNS server whose receive buffer overflows.`,
} as const;

const LEAST = 2;
/** Slower than this, a time-out may be the server's doing. */
const FAST_MS = 500;
/** Questions that come after the first ones are given this. */
const IMPATIENT_MS = 1000;
/** Timers cut a little off (NT-DNS-007). */
const SHARE = 0.9;

interface Loss {
  readonly server: ServerFacts;
  readonly lost: number;
  /** Those of them that had so little time that they may have come late. */
  readonly perhapsLate: number;
  readonly tries: number;
}

/** Tries whose answers never came. */
function lostBy({ lost, late = [] }: DnsQuery): number {
  return lost - late.length;
}

function lossOf(server: ServerFacts): Loss {
  const queries = server.udp.queries.filter((q) => q.outcome === 'answered' || q.outcome === 'timeout');
  const lost = queries.reduce((sum, q) => sum + lostBy(q), 0);
  const perhapsLate = queries.filter((q) => q.limitMs <= IMPATIENT_MS).reduce((sum, q) => sum + lostBy(q), 0);
  return { server, lost, perhapsLate, tries: lost + queries.filter(isAnswered).length };
}

export const lostPackets: Rule<DnsFacts> = {
  meta,
  judge: (facts) => {
    // A server that waits for others in vain loses nothing (NT-DNS-018).
    if (stranded(facts).length > 0) return [];
    // One that is silent to all is no matter of chance, and the Service's address shares its fate.
    const isMixed = facts.endpoints.some((e) => e.udp.reach !== 'answers' && e.udp.reach !== 'unasked');
    const asked = [...(isMixed ? [] : facts.servers), ...facts.endpoints].filter(
      (s) => s.udp.reach === 'answers',
    );
    const queries = asked.flatMap((s) => s.udp.queries);
    const times = [
      ...queries.filter(isAnswered).map((q) => q.ms ?? 0),
      ...queries.flatMap((q) => q.late ?? []),
    ];
    const slowest = most(times) ?? 0;
    const losses = asked.map(lossOf);
    const lost = losses.reduce((sum, one) => sum + one.lost, 0);
    const limitMs = SHARE * facts.resolvConf.timeoutSeconds * 1000;
    const slow = facts.names.flatMap(({ name, resolver }) =>
      resolver && resolver.ms >= limitMs ? [`getaddrinfo for ${name} took ${formatMs(resolver.ms)}`] : [],
    )[0];
    const sure = losses.reduce((sum, one) => sum + one.lost - one.perhapsLate, 0);
    const late = most(losses.map(({ perhapsLate }) => perhapsLate)) ?? 0;
    if (slowest > FAST_MS || sure + late < (slow === undefined ? LEAST : 1)) return [];
    return [finding(losses, lost, slowest, slow)];
  },
};

function finding(
  losses: readonly Loss[],
  lost: number,
  slowest: number,
  slow: string | undefined,
): Occurrence {
  const tries = losses.reduce((sum, one) => sum + one.tries, 0);
  const where = losses
    .filter((one) => one.lost > 0)
    .map(({ server, lost: n, tries: of }) => `${n} of ${of} to ${server.label}`);
  const queries = losses.flatMap(({ server }) => server.udp.queries).filter((q) => lostBy(q) > 0);
  return occurrence(
    meta,
    'warning',
    `${lost} of ${tries} UDP queries got no answer (${enumerate(where)}), while the others were answered within ${formatMs(slowest)}: packets are lost on the way${slow === undefined ? '' : `; ${slow}`}.`,
    quoteQueries(queries, 3),
  );
}
