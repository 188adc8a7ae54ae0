import type { Occurrence } from '../../../model/finding.ts';
import type { DnsQuery } from '../../../parsers/dns-probe.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DnsFacts, NameFacts, ServerFacts } from '../facts.ts';
import { isAnswered, quoteQueries } from '../wording.ts';

const meta = {
  id: 'NT-DNS-016',
  title: 'An answer is truncated and arrives whole only over TCP',
  severities: ['info'],
  meaning:
    'The answer does not fit into the 512 bytes of a plain UDP response: the server truncates it, sets the TC flag, and the resolver has to retry over TCP. glibc does. musl before 1.2.4 (Alpine before 3.18) and other small resolvers do not: they fail, or see only some of the addresses.',
  rule: 'A name that was asked for, or the host of a DEST, has an address, its UDP answer is truncated, and the same server gives the whole answer over TCP. If TCP does not work, it is NT-DNS-003.',
  source: 'RFC 1035, 4.2.1 and RFC 2181, 9; release notes of musl 1.2.4: TCP fallback in the stub resolver',
  remedy:
    'If a client fails only on this name, use an image with glibc or with musl 1.2.4 or later (Alpine 3.18), or make the answer smaller: use a Service with a cluster IP instead of a headless one, or fewer aliases (CNAME).',
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
        `The answer of ${server.label} for ${question.name} ${question.type} is truncated at 512 bytes: it has ${part.addresses.length} of ${whole.addresses.length} addresses over UDP, and all of them over TCP. Resolvers without TCP (musl before 1.2.4, so Alpine before 3.18) fail or see only those.`,
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
