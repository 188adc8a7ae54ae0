import { advice, kubectl } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import type { DnsQuery } from '../../../parsers/dns-probe.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DnsFacts, NameFacts, ServerFacts } from '../facts.ts';
import { enumerate, isAnswered, quoteQueries } from '../wording.ts';
import { unheard } from './unheard-service.ts';

const meta = {
  id: 'NT-DNS-020',
  title: 'Name servers disagree about a name',
  severities: ['critical', 'warning'],
  meaning:
    'One server has an address for the name, and another of the same kind says that the name does not exist; or one server gives both answers, because its upstreams disagree. A resolver takes the first answer it gets, and NXDOMAIN ends its search: the name resolves "sometimes".',
  rule: 'The same question, about a name that was asked for or the host of a DEST, is answered both with an address and with NXDOMAIN: among the servers of resolv.conf, among those behind one Service, or by one server over UDP, over TCP and with other flags, which a cache treats as another question (warning; critical if the target itself did not find the name). Not for a Service that the API has (NT-DNS-021).',
  source:
    'RFC 2308: NXDOMAIN is final; resolv.conf(5): the next server is queried only if one does not answer',
  remedy: advice`Servers used side by side must know the same names: make each of them forward this name's zone to the server that has it (a server block in the Corefile), and remove servers that do not know it from resolv.conf and from the line "forward . …" (${kubectl`-n kube-system get configmap coredns -o yaml`}).`,
} as const;

interface Contradiction {
  readonly yes: DnsQuery;
  readonly no: DnsQuery;
}

/** Answers to one question that cannot both be right. */
function contradiction(
  servers: readonly ServerFacts[],
  again: readonly DnsQuery[],
  name: string,
): Contradiction | undefined {
  const answers = [...servers.flatMap(({ udp, tcp }) => [...udp.queries, ...tcp.queries]), ...again].filter(
    (q) => isAnswered(q) && q.question.name.toLowerCase() === name.toLowerCase(),
  );
  for (const yes of answers.filter(({ addresses }) => addresses.length > 0)) {
    const no = answers.find((a) => a.rcode === 'NXDOMAIN' && a.question.type === yes.question.type);
    if (no) return { yes, no };
  }
  return undefined;
}

/** The first pair of answers about a name, and among whom. */
function found(
  facts: DnsFacts,
  { candidates }: NameFacts,
): (Contradiction & { readonly group: readonly ServerFacts[] }) | undefined {
  const services = [...new Set(facts.endpoints.map(({ service }) => service))];
  const groups = [
    facts.servers,
    ...services.map((service) => facts.endpoints.filter((e) => e.service === service)),
  ];
  for (const group of groups) {
    // The questions with other flags went to the servers of resolv.conf.
    const again = group === facts.servers ? facts.again : [];
    const [pair] = candidates.flatMap(({ name }) => contradiction(group, again, name) ?? []);
    if (pair) return { ...pair, group };
  }
  return undefined;
}

/** Some server has the name, and some server denies it. */
export function isDisputed(facts: DnsFacts, name: NameFacts): boolean {
  return found(facts, name) !== undefined;
}

function judge(facts: DnsFacts, one: NameFacts): Occurrence[] {
  const pair = found(facts, one);
  if (!pair) return [];
  const { yes, no, group } = pair;
  const label = ({ server }: DnsQuery): string =>
    group.find(({ address }) => address === server)?.label ?? server;
  const what = `${yes.question.name} ${yes.question.type}`;
  const address = enumerate(yes.addresses.slice(0, 2));
  const isLost = one.resolver?.outcome === 'unresolved';
  const lost = isLost ? ' The target itself did not find it during this run.' : '';
  return [
    occurrence(
      meta,
      isLost ? 'critical' : 'warning',
      yes.server === no.server
        ? `${label(yes)} answers ${what} with ${address}, and at another time with NXDOMAIN: its upstreams or its replicas disagree.${lost}`
        : `${label(yes)} answers ${what} with ${address}, but ${label(no)} answers NXDOMAIN: whether the name resolves depends on which one is queried.${lost}`,
      [...quoteQueries([yes], 1), ...quoteQueries([no], 1)],
      { subject: one.name },
    ),
  ];
}

export const disagreement: Rule<DnsFacts> = {
  meta,
  judge: (facts) => {
    const told = unheard(facts);
    return facts.names
      .filter(({ origin, name }) => origin !== 'default' && !told.has(name))
      .flatMap((name) => judge(facts, name));
  },
};
