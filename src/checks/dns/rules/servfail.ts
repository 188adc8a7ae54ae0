import { advice, kubectl } from '../../../model/advice.ts';
import type { DnsQuery } from '../../../parsers/dns-probe.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DnsFacts } from '../facts.ts';
import { enumerate, faultOf, isAnswered, quoteQueries } from '../wording.ts';

const meta = {
  id: 'NT-DNS-004',
  title: 'The name server fails',
  severities: ['warning', 'critical', 'info'],
  meaning:
    'The name server answers, but with an error (SERVFAIL, REFUSED, FORMERR, …), with aliases that form a loop, or with something that is not a DNS message: it could not resolve the name, or refuses to. Its own upstream or the zone of the name is broken, it does not serve this client, or it is not a name server. The resolver tries the next server, or fails with "Temporary failure in name resolution".',
  rule: 'More than 1 % (warning) or 3 % (critical) of the answers of the name servers of resolv.conf have a status other than NOERROR and NXDOMAIN, have CNAME records that form a loop, or cannot be read, at least 2. A single one among others is an info: any server fails once.',
  source: 'coredns-mixin: CoreDNSErrorsHigh (1 % and 3 % of SERVFAIL)',
  remedy: advice`Read the DNS servers' own log (${kubectl`-n kube-system logs -l k8s-app=kube-dns --tail=50`}) and where they forward to (${kubectl`-n kube-system get configmap coredns -o yaml`}).`,
  remedyOutside: "Read the name server's log, and check its upstream servers.",
} as const;

const WARNING_SHARE = 0.01;
const CRITICAL_SHARE = 0.03;

export const servfail: Rule<DnsFacts> = {
  meta,
  judge: (facts) => {
    const answers = facts.servers
      .flatMap((s) => [...s.udp.queries, ...s.tcp.queries])
      .filter((q) => isAnswered(q) || q.outcome === 'garbled');
    const bad = answers.filter(isBad);
    if (answers.length === 0 || bad.length / answers.length <= WARNING_SHARE) return [];
    const names = [...new Set(bad.map((q) => q.question.name))];
    const faults = [...new Set(bad.flatMap((q) => faultOf(q) ?? []))];
    const servers = [...new Set(bad.map((q) => q.server))];
    const isOnce = bad.length === 1 && answers.length > 1;
    return [
      occurrence(
        meta,
        isOnce ? 'info' : bad.length / answers.length > CRITICAL_SHARE ? 'critical' : 'warning',
        `${bad.length} of ${answers.length} answers ${isOnce ? 'is' : 'are'} ${faults.join(' or ')}, from ${enumerate(servers)}, for ${enumerate(names.slice(0, 3))}${names.length > 3 ? ` and ${names.length - 3} more` : ''}: ${isOnce ? 'seen once, measure again' : where(facts, bad, answers)}.`,
        quoteQueries(bad, 3),
      ),
    ];
  },
};

/** `.cluster.local` of `kubernetes.default.svc.cluster.local.`; `undefined`: the control name is none of a Service's. */
function clusterDomain(control: string | undefined): string | undefined {
  return /\.svc(\..+?)\.?$/.exec(control ?? '')?.[1];
}

export function isBad(query: DnsQuery): boolean {
  return faultOf(query) !== undefined;
}

function where(facts: DnsFacts, bad: readonly DnsQuery[], answers: readonly DnsQuery[]): string {
  const servers = new Set(bad.map((q) => q.server));
  const others = new Set(answers.filter((q) => !isBad(q)).map((q) => q.server));
  if ([...servers].every((s) => !others.has(s)))
    return 'it gives no other answer, so the server itself is at fault';
  const domain = clusterDomain(facts.probe.control);
  const isOfCluster = ({ question }: DnsQuery): boolean =>
    domain !== undefined && question.name.replace(/\.$/, '').endsWith(domain);
  const whole = answers.filter((q) => servers.has(q.server));
  if (bad.every(isOfCluster) && whole.every((q) => isBad(q) || !isOfCluster(q))) {
    return `it answers for other names, but for none of the cluster's own: whatever serves these has no data yet (CoreDNS answers like this until it has its first list from the API server), or the server forwards them to one that fails`;
  }
  if (bad.some((q) => q.question.name === facts.probe.control)) {
    return "even the cluster's own name fails at times, so the server or one of its replicas is at fault";
  }
  return "the same server answers for the cluster's own names, so its upstream or the zone of these is at fault";
}
