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
    'The name server answers, but with an error (SERVFAIL, REFUSED, FORMERR, …), with aliases that lead in a circle, or with what is no DNS message: it could not find out, or will not. Its own upstream or the zone of the name is broken, it does not serve the one who asks, or it is no name server. The resolver tries the next server, or fails with "Temporary failure in name resolution".',
  rule: 'More than 1 % (warning) or 3 % (critical) of the answers of the name servers of resolv.conf have another status than NOERROR and NXDOMAIN, have CNAME records that form a loop, or cannot be read, at least 2. A single one among others is an info: any server fails once.',
  source: 'coredns-mixin: CoreDNSErrorsHigh (1 % and 3 % of SERVFAIL)',
  remedy: advice`Read the DNS servers' own log (${kubectl`-n kube-system logs -l k8s-app=kube-dns --tail=50`}) and where they forward to (${kubectl`-n kube-system get configmap coredns -o yaml`}).`,
  remedyOutside: "Read the name server's own log, and see whom it asks in turn.",
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
    return 'the server answers nothing else, so it is the server itself';
  const domain = clusterDomain(facts.probe.control);
  const isOfCluster = ({ question }: DnsQuery): boolean =>
    domain !== undefined && question.name.replace(/\.$/, '').endsWith(domain);
  const whole = answers.filter((q) => servers.has(q.server));
  if (bad.every(isOfCluster) && whole.every((q) => isBad(q) || !isOfCluster(q))) {
    return `it answers for other names, and for none of the cluster's own: who serves these there has heard nothing (CoreDNS answers so until it has its first list from the API server), or it asks somebody for them who fails`;
  }
  if (bad.some((q) => q.question.name === facts.probe.control)) {
    return "even the cluster's own name fails at times, so it is the server or one of its replicas";
  }
  return "the cluster's own names are answered by the same server, so it is what the server asks for these: its upstream, or the zone";
}
