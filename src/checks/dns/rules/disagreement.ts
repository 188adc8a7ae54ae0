import { advice, kubectl } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import type { DnsQuery } from '../../../parsers/dns-probe.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DnsFacts, ServerFacts } from '../facts.ts';
import { enumerate, isAnswered, quoteQueries } from '../wording.ts';

const meta = {
  id: 'NT-DNS-020',
  title: 'Name servers disagree about a name',
  severities: ['warning'],
  meaning:
    'One server has an address for the name, and another one of the same kind says that there is no such name; or one server says now this and now that, since those that it asks in turn disagree. A resolver takes the first answer that it gets, and NXDOMAIN ends its search: the name resolves "sometimes".',
  rule: 'To the same question for a name that was asked for, or the host of a DEST, there is an answer with an address and one with NXDOMAIN: among the servers of resolv.conf, among those behind one Service, or of one server, by UDP and TCP.',
  source:
    'RFC 2308: NXDOMAIN is final; resolv.conf(5): the next server is asked only where one does not answer',
  remedy: advice`Servers that stand beside each other have to know the same names: let each forward the zone of this one to the server that has it (a server block in the Corefile), and take servers that do not know it out of resolv.conf and out of the line "forward . …" (${kubectl`-n kube-system get configmap coredns -o yaml`}).`,
} as const;

interface Contradiction {
  readonly yes: DnsQuery;
  readonly no: DnsQuery;
}

/** Answers to one question that cannot both be right. */
function contradiction(servers: readonly ServerFacts[], name: string): Contradiction | undefined {
  const answers = servers
    .flatMap(({ udp, tcp }) => [...udp.queries, ...tcp.queries])
    .filter((q) => isAnswered(q) && q.question.name.toLowerCase() === name.toLowerCase());
  for (const yes of answers.filter(({ addresses }) => addresses.length > 0)) {
    const no = answers.find((a) => a.rcode === 'NXDOMAIN' && a.question.type === yes.question.type);
    if (no) return { yes, no };
  }
  return undefined;
}

function judge(facts: DnsFacts, name: string, candidates: readonly string[]): Occurrence[] {
  const services = [...new Set(facts.endpoints.map(({ service }) => service))];
  const groups = [
    facts.servers,
    ...services.map((service) => facts.endpoints.filter((e) => e.service === service)),
  ];
  for (const group of groups) {
    const found = candidates.flatMap((candidate) => contradiction(group, candidate) ?? [])[0];
    if (!found) continue;
    const label = ({ server }: DnsQuery): string =>
      group.find(({ address }) => address === server)?.label ?? server;
    const { yes, no } = found;
    const what = `${yes.question.name} ${yes.question.type}`;
    const address = enumerate(yes.addresses.slice(0, 2));
    return [
      occurrence(
        meta,
        'warning',
        yes.server === no.server
          ? `${label(yes)} answers ${what} with ${address}, and once more with NXDOMAIN: those that it asks in turn, or stands for, disagree.`
          : `${label(yes)} answers ${what} with ${address}, and ${label(no)} with NXDOMAIN: whether the name resolves depends on which of them is asked.`,
        [...quoteQueries([yes], 1), ...quoteQueries([no], 1)],
        { subject: name },
      ),
    ];
  }
  return [];
}

export const disagreement: Rule<DnsFacts> = {
  meta,
  judge: (facts) =>
    facts.names
      .filter(({ origin }) => origin !== 'default')
      .flatMap(({ name, candidates }) =>
        judge(
          facts,
          name,
          candidates.map((candidate) => candidate.name),
        ),
      ),
};
