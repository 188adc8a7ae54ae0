import type { Occurrence } from '../../../model/finding.ts';
import type { DnsQuery } from '../../../parsers/dns-probe.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DnsFacts, NameFacts, ServerFacts } from '../facts.ts';
import { isAnswered, quoteQueries } from '../wording.ts';

const meta = {
  id: 'NT-DNS-016',
  title: 'An answer is cut and comes whole by TCP alone',
  severities: ['info'],
  meaning:
    'The answer for a name does not fit into the 512 bytes of a plain UDP answer: it is cut, with the flag TC, and the resolver has to ask again by TCP. glibc does. musl before 1.2.4 (Alpine before 3.18) and other small resolvers do not: they fail, or see a part of the addresses.',
  rule: 'A name that was asked for, or the host of a DEST, has an address, its answer by UDP is cut, and the same server gives the whole answer by TCP. Where TCP does not work it is NT-DNS-003.',
  source: 'RFC 1035, 4.2.1 and RFC 2181, 9; release notes of musl 1.2.4: TCP fallback in the stub resolver',
  remedy:
    'Where a client fails on this name alone, use an image with glibc or with musl 1.2.4 or newer (Alpine 3.18), or make the answer smaller: a Service with a cluster IP in place of a headless one, fewer aliases (CNAME).',
} as const;

const isSame = (one: DnsQuery, other: DnsQuery): boolean =>
  one.question.name === other.question.name && one.question.type === other.question.type;

function judge({ name, candidates }: NameFacts, servers: readonly ServerFacts[]): Occurrence[] {
  const cut = candidates.flatMap(({ answers }) => answers.filter((a) => isAnswered(a) && a.truncated));
  for (const part of cut) {
    const server = servers.find(({ address }) => address === part.server);
    const whole = server?.tcp.queries.find((q) => isSame(q, part) && isAnswered(q) && q.addresses.length > 0);
    if (!server || !whole) continue;
    const { question } = part;
    return [
      occurrence(
        meta,
        'info',
        `The answer of ${server.label} for ${question.name} ${question.type} is cut at 512 bytes: by UDP it has ${part.addresses.length} of its ${whole.addresses.length} addresses, by TCP all of them. Resolvers without TCP (musl before 1.2.4, so Alpine before 3.18) fail or see that part.`,
        quoteQueries([part, whole], 2),
        { subject: name },
      ),
    ];
  }
  return [];
}

export const cutAnswer: Rule<DnsFacts> = {
  meta,
  judge: ({ names, servers }) =>
    names.filter(({ origin }) => origin !== 'default').flatMap((name) => judge(name, servers)),
};
