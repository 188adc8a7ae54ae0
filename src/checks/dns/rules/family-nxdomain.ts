import type { DnsQuery } from '../../../parsers/dns-probe.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DnsFacts, NameFacts } from '../facts.ts';
import { enumerate, isAnswered, quoteQueries } from '../wording.ts';
import { isDisputed } from './disagreement.ts';

const meta = {
  id: 'NT-DNS-013',
  title: 'NXDOMAIN for one address family of a name that exists',
  severities: ['warning'],
  meaning:
    'The name has an address, yet for the other family (usually AAAA) the server says that the name does not exist, where it should give an empty answer. Resolvers that apply NXDOMAIN to the whole name, as they may (musl, so Alpine; .NET), do not resolve it; glibc and most tools do.',
  rule: 'The same server answers A with an address and AAAA with NXDOMAIN for the same name, or the other way round.',
  source: 'RFC 2308, section 2.1, and RFC 8020: NXDOMAIN says that no record of any type exists',
  remedy:
    'Make the server answer NOERROR without a record (NODATA). A CoreDNS template that hides AAAA needs "rcode NOERROR" instead of "rcode NXDOMAIN".',
} as const;

/** The two answers that contradict each other, the address first. */
function contradiction(answers: readonly DnsQuery[]): readonly [DnsQuery, DnsQuery] | undefined {
  const good = answers.filter((a) => isAnswered(a) && a.addresses.length > 0);
  for (const address of good) {
    const denial = answers.find(
      (a) =>
        isAnswered(a) &&
        a.rcode === 'NXDOMAIN' &&
        a.server === address.server &&
        a.question.type !== address.question.type,
    );
    if (denial) return [address, denial];
  }
  return undefined;
}

/** The family that was denied was answered otherwise another time. */
function isExtant({ again }: DnsFacts, { candidates }: NameFacts): boolean {
  const denied = candidates.flatMap(({ answers }) => answers.filter(({ rcode }) => rcode === 'NXDOMAIN'));
  return denied.some(({ question: { name, type } }) =>
    again.some(
      (q) => isAnswered(q) && q.rcode === 'NOERROR' && q.question.name === name && q.question.type === type,
    ),
  );
}

export const familyNxdomain: Rule<DnsFacts> = {
  meta,
  judge: (facts) =>
    facts.names.flatMap((one) => {
      const { name, candidates } = one;
      // Whose answers differ from one time to the other does not tell the families apart.
      if (isDisputed(facts, one) || isExtant(facts, one)) return [];
      const found = candidates.flatMap(({ answers }) => contradiction(answers) ?? []);
      const [address, denial] = found;
      if (!address || !denial) return [];
      const servers = [...new Set(found.map(({ server }) => server))];
      return [
        occurrence(
          meta,
          'warning',
          `${address.question.name} has ${address.question.type} ${address.addresses.slice(0, 2).join(' and ')}, but ${enumerate(servers)} answers ${denial.question.type} with NXDOMAIN, as if the name did not exist: musl (Alpine) and others then give up.`,
          quoteQueries([address, denial], 2),
          { subject: name },
        ),
      ];
    }),
};
