import { advice, kubectl } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { formatMs } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { distribution } from '../../shared/statistics.ts';
import type { DnsFacts, ServerFacts } from '../facts.ts';
import { enumerate, isAnswered, quoteQueries } from '../wording.ts';

const meta = {
  id: 'NT-DNS-011',
  title: 'Slow name server',
  severities: ['critical'],
  meaning:
    'Answers come so late that resolvers give up or nearly do: they wait 5 s for one server. The server is overloaded or starved of CPU, or its own upstream hangs.',
  rule: "The p99 of a server's UDP answers is above 4 s, with at least two answers above it; each query may take 6 s.",
  source: 'coredns-mixin: CoreDNSLatencyHigh (p99 above 4 s)',
  remedy: advice`Check the DNS servers' CPU limits and load (${kubectl`-n kube-system top pods -l k8s-app=kube-dns`}), and where they forward to (${kubectl`-n kube-system get configmap coredns -o yaml`}).`,
  remedyOutside: "Check the name server's load and its upstream servers.",
} as const;

const LIMIT_MS = 4000;
/** One slow answer alone may be a hiccup. */
const LEAST = 2;

export const slow: Rule<DnsFacts> = { meta, judge: (facts) => facts.servers.flatMap((s) => judge(facts, s)) };

function judge(facts: DnsFacts, server: ServerFacts): Occurrence[] {
  const answered = server.udp.queries.filter((q) => isAnswered(q) && q.limitMs > LIMIT_MS);
  const times = distribution(answered.flatMap((q) => q.ms ?? []));
  const late = answered.filter((q) => (q.ms ?? 0) > LIMIT_MS);
  if (times === undefined || times.p99 <= LIMIT_MS || late.length < LEAST) return [];
  const names = [...new Set(late.map((q) => q.question.name))];
  const isControlFast = answered.some(
    (q) => q.question.name === facts.probe.control && (q.ms ?? 0) <= LIMIT_MS,
  );
  const where = isControlFast
    ? `; it answers the cluster's own name faster, so its upstream is slow for ${enumerate(names.slice(0, 3))}${names.length > 3 ? ` and ${names.length - 3} more` : ''}`
    : '';
  return [
    occurrence(
      meta,
      'critical',
      `${server.label} takes ${formatMs(times.median)} to answer (median), p99 ${formatMs(times.p99)}: ${late.length} of ${answered.length} answers took more than 4 s${where}.`,
      quoteQueries(late, 2),
    ),
  ];
}
