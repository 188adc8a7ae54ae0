import { type Advice, advice, kubectl, nettools, TARGET } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import type { DnsQuery } from '../../../parsers/dns-probe.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DnsFacts, KnownService, ServerFacts } from '../facts.ts';
import { enumerate, isAnswered, quoteQueries, serviceName } from '../wording.ts';

const meta = {
  id: 'NT-DNS-021',
  title: 'A name server does not know a Service that the API has',
  severities: ['critical', 'warning', 'info'],
  meaning:
    'The Service exists, but a name server that knows other names of the cluster says that it does not. The server answers from what it watches in the API: if it loses that watch, it goes on with what it knew, without an error, and no Service created since exists for it. For a Service that is a few seconds old, or a headless one that has had no endpoint until a few seconds ago, a cache may still hold the negative answer from before.',
  rule: "A name that was asked for, or the host of a DEST, belongs to a Service that the API has (a headless one only while its endpoints are young), and a server that answers the API server's own name with an address answers NAME.NAMESPACE.svc.DOMAIN with NXDOMAIN: every server of resolv.conf each time (critical), or only some of them or only at times (warning); for a Service younger than a minute, or a headless one whose endpoints changed less than a minute ago and have the name, an info.",
  source:
    'Kubernetes: DNS-Based Service Discovery; CoreDNS: plugin kubernetes; RFC 2308: negative answers are cached for the TTL of the SOA record',
  remedy: advice`Restart the name server that does not know it, so that it lists the Services again, and look in its log for errors of its watch (${kubectl`-n kube-system logs -l k8s-app=kube-dns --tail=50`}).`,
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
  const found = new Map<string, Unheard>();
  const servers = [...facts.servers, ...facts.endpoints].filter((server) => servesCluster(server, facts));
  for (const { name } of facts.names) {
    const service = facts.input.known?.[name];
    const full = service && serviceName(service, facts);
    // What stands for an address has none whoever is asked (NT-DNS-005).
    if (service === undefined || service.alias !== undefined || full === undefined) continue;
    const again = facts.again.filter((q) => servers.some(({ address }) => address === q.server));
    const answers = [...servers.flatMap(({ udp, tcp }) => [...udp.queries, ...tcp.queries]), ...again].filter(
      (q) => isAnswered(q) && q.question.name.toLowerCase() === full,
    );
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
  const age = ageText(label, service);
  if (age !== undefined) {
    const text = `${age}, and ${enumerate(denying)} ${good.length > 0 ? 'at times ' : ''}still ${denying.length === 1 ? 'says' : 'say'} that ${full} does not exist: a cache holds an earlier negative answer, usually for half a minute. Measure again.`;
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
        : ', and at other times has it: one of its replicas or upstreams does not know it';
  return [
    occurrence(
      meta,
      isCertain ? 'critical' : 'warning',
      `${enumerate(denying)} ${denying.length === 1 ? 'says' : 'say'} that ${full} does not exist, though the API has ${label} and ${denying.length === 1 ? 'it knows' : 'they know'} the API server's own name${contrast}: ${denying.length === 1 ? 'it has' : 'they have'} not learned of the Service.`,
      evidence,
      {
        subject: name,
        remediation: advice`Restart the server that answers so, which makes it list the Services again, and look in its log for errors of its watch: ${kubectl`-n kube-system logs -l k8s-app=kube-dns --tail=50`}\nThen query again: ${nettools`dns ${TARGET} ${full}`}`,
      },
    ),
  ];
}

/** What is so young that a cache may not have heard of it; `undefined`: nothing. */
function ageText(label: string, { ageSeconds, changedSeconds }: KnownService): string | undefined {
  if (ageSeconds !== undefined) return `${label} was created ${ageSeconds} s ago`;
  return changedSeconds === undefined
    ? undefined
    : `The endpoints of ${label}, which is headless, changed ${changedSeconds} s ago`;
}

const YOUNG: Advice =
  'Nothing, if it resolves half a minute later. A program that creates a Service, or the first pod behind a headless one, and uses it at once should not look up its name before it exists: each such lookup leaves a negative answer in the caches.';

export const unheardService: Rule<DnsFacts> = {
  meta,
  judge: (facts) => [...unheard(facts)].flatMap(([name, one]) => judge(name, one)),
};
