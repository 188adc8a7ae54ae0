import { advice, kubectl, verbatim } from '../../../model/advice.ts';
import type { DnsQuery } from '../../../parsers/dns-probe.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DnsFacts } from '../facts.ts';
import { enumerate, faultOf, isAnswered, quoteQueries } from '../wording.ts';

const meta = {
  id: 'NT-DNS-004',
  title: 'The name server fails',
  severities: ['warning', 'critical', 'info'],
  meaning:
    'The name server answers, but with an error (SERVFAIL, REFUSED, FORMERR, …), with aliases that form a loop, or with something that is not a DNS message: it could not resolve the name, or refuses to. A server that validates (systemd-resolved with DNSSEC=yes, unbound, BIND, a public resolver) answers SERVFAIL for what it holds for forged: a name whose signatures have expired or are missing, or a private zone below a signed one; asked not to check (CD), it answers. Its own upstream or the zone of the name is broken, it does not serve this client, or it is not a name server. The resolver tries the next server, or fails with "Temporary failure in name resolution".',
  rule: 'More than 1 % (warning) or 3 % (critical) of the answers of the name servers of resolv.conf have a status other than NOERROR and NXDOMAIN, have CNAME records that form a loop, or cannot be read, at least 2. A single one among others is an info: any server fails once. That it is validation is said where a server answers SERVFAIL for a name, the same to a second question that is to be checked, and NOERROR with addresses with checking disabled (+cdflag).',
  source: 'RFC 4035, 3.2.2 (CD) and 5.5; coredns-mixin: CoreDNSErrorsHigh (1 % and 3 % of SERVFAIL)',
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
    const invalid = unvalidated(facts, bad);
    const isOnce = bad.length === 1 && answers.length > 1;
    return [
      occurrence(
        meta,
        isOnce ? 'info' : bad.length / answers.length > CRITICAL_SHARE ? 'critical' : 'warning',
        `${bad.length} of ${answers.length} answers ${isOnce ? 'is' : 'are'} ${faults.join(' or ')}, from ${enumerate(servers)}, for ${enumerate(names.slice(0, 3))}${names.length > 3 ? ` and ${names.length - 3} more` : ''}: ${isOnce ? 'seen once, measure again' : invalid.length > 0 ? validation(invalid) : where(facts, bad, answers)}.`,
        [...quoteQueries(bad, 3), ...quoteQueries(invalid.slice(0, 1), 1)],
        invalid.length > 0 ? { remediation: OF_VALIDATION } : {},
      ),
    ];
  },
};

/** Answers to questions with checking disabled, for names for which the same server answers SERVFAIL otherwise. */
function unvalidated({ again }: DnsFacts, bad: readonly DnsQuery[]): DnsQuery[] {
  const failed = (name: string, server: string): boolean =>
    bad.some((q) => q.rcode === 'SERVFAIL' && q.question.name === name && q.server === server);
  const isUnchecked = ({ options = [] }: DnsQuery): boolean => options.includes('+cdflag');
  // Whoever answers what is to be checked as well has only failed for a while; so may one that was not asked it again, or
  // did not answer.
  const failsChecked = (name: string): boolean =>
    again.some((q) => !isUnchecked(q) && q.question.name === name && q.rcode === 'SERVFAIL');
  return again.filter(
    (q) =>
      isUnchecked(q) &&
      q.rcode === 'NOERROR' &&
      q.addresses.length > 0 &&
      failed(q.question.name, q.server) &&
      failsChecked(q.question.name),
  );
}

function validation(invalid: readonly DnsQuery[]): string {
  const names = [...new Set(invalid.map(({ question }) => question.name))];
  const addresses = [...new Set(invalid.flatMap((q) => q.addresses))];
  return `asked not to check signatures (+cdflag) it answers ${enumerate(names.slice(0, 3))} with ${enumerate(addresses.slice(0, 3))}, so it is the validation of DNSSEC that fails`;
}

const OF_VALIDATION = advice`Whether the zone is broken or the server, others tell: ${verbatim`delv @SERVER NAME`}, or dnsviz.net for names of the internet. Of a zone of your own below a signed one (a VPN's, a company's): sign it, or tell the server not to check it (systemd-resolved: DNSSEC=allow-downgrade or no for the link, or a file NAME.negative in /etc/dnssec-trust-anchors.d; unbound: domain-insecure). Expired or missing signatures: whoever runs the zone has to sign it anew. A clock that is wrong makes all signatures invalid.`;

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
    return domain === undefined
      ? `even ${facts.probe.control}, which a server can answer by itself, fails at times, so the server is at fault, or what it forwards even that to`
      : "even the cluster's own name fails at times, so the server or one of its replicas is at fault";
  }
  const answered = [...new Set(whole.filter((q) => !isBad(q)).map((q) => q.question.name))];
  const names = domain === undefined ? enumerate(answered.slice(0, 2)) : "the cluster's own names";
  return `the same server answers for ${names}, so its upstream or the zone of these is at fault`;
}
