import { type Advice, advice, kubectl, nettools, TARGET } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import type { DnsQuery } from '../../../parsers/dns-probe.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DnsFacts, KnownService, ServerFacts } from '../facts.ts';
import { CONTROL, enumerate, isAnswered, quoteQueries } from '../wording.ts';

const meta = {
  id: 'NT-DNS-021',
  title: 'A name server does not know a Service that the API has',
  severities: ['critical', 'warning', 'info'],
  meaning:
    'The Service is there, and a name server that knows others of the cluster says that there is no such name. It makes its answers of what the API tells it: one that lost its watch of the API goes on with what it knew, without an error, and every Service that was made since does not exist for it. Of a Service that is a few seconds old it may be a cache that keeps the denial from before it was made.',
  rule: "A name that was asked for, or the host of a DEST, is that of a Service that the API has (not of a headless one), and a server that answers the API server's own name with an address answers NAME.NAMESPACE.svc.DOMAIN with NXDOMAIN: every server of resolv.conf each time (critical), or some of them or some of the times (warning); for a Service that is younger than a minute an info.",
  source:
    'Kubernetes: DNS-Based Service Discovery; CoreDNS: plugin kubernetes; RFC 2308: denials are kept for the TTL of the SOA record',
  remedy: advice`Restart the name server that does not know it, which makes it list the Services of the API anew, and look in its log for what became of its watch (${kubectl`-n kube-system logs -l k8s-app=kube-dns --tail=50`}).`,
} as const;

/** What servers say of the name of a Service that is there. */
interface Unheard {
  readonly service: KnownService;
  readonly denials: readonly DnsQuery[];
  readonly good: readonly DnsQuery[];
  readonly servers: readonly ServerFacts[];
}

/** By the name that was looked up: of each Service that some server denies. */
export function unheard(facts: DnsFacts): ReadonlyMap<string, Unheard> {
  const domain = CONTROL.exec(facts.probe.control ?? '')?.[1]?.toLowerCase();
  const found = new Map<string, Unheard>();
  if (domain === undefined) return found;
  const servers = [...facts.servers, ...facts.endpoints].filter((server) => servesCluster(server, facts));
  for (const { name } of facts.names) {
    const service = facts.input.known?.[name];
    if (service === undefined) continue;
    const full = `${service.name}.${service.namespace}.svc.${domain}.`;
    const answers = servers
      .flatMap(({ udp, tcp }) => [...udp.queries, ...tcp.queries])
      .filter((q) => isAnswered(q) && q.question.name.toLowerCase() === full);
    const denials = answers.filter(({ rcode }) => rcode === 'NXDOMAIN');
    const good = answers.filter(({ rcode }) => rcode === 'NOERROR');
    if (denials.length > 0) found.set(name, { service, denials, good, servers });
  }
  return found;
}

/** It has an address for the API server's own Service. */
function servesCluster({ udp, tcp }: ServerFacts, { probe }: DnsFacts): boolean {
  return [...udp.queries, ...tcp.queries].some(
    (q) => isAnswered(q) && q.question.name === probe.control && q.addresses.length > 0,
  );
}

function judge(name: string, { service, denials, good, servers }: Unheard): Occurrence[] {
  const labels = (queries: readonly DnsQuery[]): string[] =>
    servers.filter(({ address }) => queries.some((q) => q.server === address)).map(({ label }) => label);
  const full = denials[0]?.question.name ?? '';
  const label = `Service ${service.namespace}/${service.name}`;
  const evidence = [...quoteQueries(denials, 2), ...quoteQueries(good, 1)];
  const denying = labels(denials);
  if (service.ageSeconds !== undefined) {
    const text = `${label} was made ${service.ageSeconds} s ago, and ${enumerate(denying)} ${good.length > 0 ? 'at times ' : ''}still ${denying.length === 1 ? 'says' : 'say'} that ${full} does not exist: the answer to a question from before that is in a cache, for half a minute mostly. Measure again.`;
    return [occurrence(meta, 'info', text, evidence, { subject: name, remediation: YOUNG })];
  }
  // Servers that the target does not ask do not help it.
  const used = servers.filter(({ role }) => role === 'server');
  const isCertain = !servers.some(
    ({ address, role, service: own }) =>
      good.some((q) => q.server === address) &&
      (role === 'server' || used.some((one) => one.service !== undefined && one.service === own)),
  );
  const knowing = labels(good);
  const others = knowing.filter((one) => !denying.includes(one));
  const contrast =
    good.length === 0
      ? ''
      : others.length > 0
        ? `, while ${enumerate(others)} ${others.length === 1 ? 'knows' : 'know'} it`
        : ', and at other times has it: one of those that it stands for, or asks, does not know it';
  return [
    occurrence(
      meta,
      isCertain ? 'critical' : 'warning',
      `${enumerate(denying)} ${denying.length === 1 ? 'says' : 'say'} that ${full} does not exist, though the API has ${label} and ${denying.length === 1 ? 'it knows' : 'they know'} the API server's own name${contrast}: it has not heard of the Service.`,
      evidence,
      {
        subject: name,
        remediation: advice`Restart what answers so, which makes it list the Services of the API anew, and look in its log for what became of its watch: ${kubectl`-n kube-system logs -l k8s-app=kube-dns --tail=50`}\nThen ask again: ${nettools`dns ${TARGET} ${full}`}`,
      },
    ),
  ];
}

const YOUNG: Advice =
  'Nothing, if it resolves half a minute later. Who makes a Service and uses it at once should not ask for its name before it is made: each such question leaves a denial in the caches.';

export const unheardService: Rule<DnsFacts> = {
  meta,
  judge: (facts) => [...unheard(facts)].flatMap(([name, one]) => judge(name, one)),
};
