import type { DnsQuery } from '../../../parsers/dns-probe.ts';
import { formatMs } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { most } from '../../shared/statistics.ts';
import type { DnsFacts, NameFacts } from '../facts.ts';
import { isAnswered, quoteQueries } from '../wording.ts';

const meta = {
  id: 'NT-DNS-007',
  title: 'Lookups take 5 seconds',
  severities: ['warning', 'info'],
  meaning:
    "The C library sends its A and AAAA queries at the same time from the same port. One of the two is lost, and the resolver waits for its whole time-out of 5 s before it retries. The usual cause is a race in the node's connection tracking when both are translated at once; single queries never show it.",
  rule: "getaddrinfo takes at least 90 % of the resolver's time-out (5 s, or the option timeout of resolv.conf), while single queries for the same names are answered, all within 1 s and none lost (NT-DNS-012). If it is fast when repeated and no other name is slow, a single packet may have been lost: info.",
  source: 'kubernetes/kubernetes#56903; resolv.conf(5): timeout, single-request-reopen',
  remedy:
    'Run NodeLocal DNSCache, which avoids address translation; or make the pod send one query after the other: spec: {dnsConfig: {options: [{name: single-request-reopen}]}} (glibc; musl has no such option). On the node, conntrack -S shows insert_failed growing.',
  remedyOutside:
    'Add "options single-request-reopen" to /etc/resolv.conf (glibc), or run a caching name server on the machine.',
} as const;

const FAST_MS = 1000;
/** Timers of the kernel and of the resolver cut a little off. */
const SHARE = 0.9;

export const resolverRace: Rule<DnsFacts> = {
  meta,
  judge: (facts) => {
    const limitMs = SHARE * facts.resolvConf.timeoutSeconds * 1000;
    const slow = facts.names.flatMap((name) => judge(name, limitMs));
    const [first] = slow;
    if (first === undefined) return [];
    const { name, ms, isDone, singles, quickMs } = first;
    const isOnce = slow.length === 1 && quickMs !== undefined;
    const others = slow.length > 1 ? ` (and ${slow.length - 1} other name${slow.length > 2 ? 's' : ''})` : '';
    return [
      occurrence(
        meta,
        isOnce ? 'info' : 'warning',
        `getaddrinfo for ${name.name}${others} ${isDone ? 'took' : 'gave up after'} ${formatMs(ms)}, while single queries for the same names were answered in ${formatMs(most(singles.map((q) => q.ms ?? 0)) ?? 0)} at most, and none of them was lost${isOnce ? `; repeated, it took ${formatMs(quickMs)}: seen once, measure again` : ''}.`,
        [
          {
            command: ['getent', 'ahosts', name.name],
            excerpt: `${isDone ? 'returned' : 'had not returned'} after ${(ms / 1000).toFixed(2)} s`,
          },
          ...quoteQueries(singles, 2),
        ],
      ),
    ];
  },
};

interface Slow {
  readonly name: NameFacts;
  readonly ms: number;
  readonly isDone: boolean;
  readonly singles: readonly DnsQuery[];
  /** How long the second lookup took, where that was no time-out. */
  readonly quickMs: number | undefined;
}

function judge(name: NameFacts, limitMs: number): Slow[] {
  const { resolver, again } = name;
  if (resolver === undefined || resolver.ms < limitMs) return [];
  const all = name.candidates.flatMap((c) => c.answers);
  const singles = all.filter(isAnswered);
  // An answer that was cut is asked for again by TCP, whose time-outs are another story.
  if (singles.some((q) => q.truncated)) return [];
  // Single queries that get lost are a story of their own.
  if (singles.length === 0 || all.some((q) => q.lost > 0)) return [];
  if (singles.some((q) => (q.ms ?? 0) >= FAST_MS)) return [];
  const quickMs = again !== undefined && again.ms < limitMs ? again.ms : undefined;
  return [{ name, ms: resolver.ms, isDone: resolver.outcome !== 'time-out', singles, quickMs }];
}
