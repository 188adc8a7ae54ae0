import { advice, kubectl } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import type { Quote } from '../../../model/report.ts';
import type { DnsQuery } from '../../../parsers/dns-probe.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DnsFacts, NameFacts } from '../facts.ts';
import { digCommand, enumerate } from '../wording.ts';

const meta = {
  id: 'NT-DNS-024',
  title: 'The answer is about another name than was asked',
  severities: ['critical', 'warning'],
  meaning:
    "The server answers with addresses of another name, and no alias in the answer leads from the name that was asked to it. dig shows an address all the same. Resolvers that compare the names (glibc, Ruby's resolv, other name servers) take none of it, and for them the name does not exist; others (musl, Go) take it. A CoreDNS rewrite of the name that does not write the answer back does this.",
  rule: 'A server of resolv.conf answers A or AAAA of an expansion of the name with addresses, and the owner of each is neither that name nor one that the CNAME records of the answer lead to. Critical if getaddrinfo does not resolve the name on the target, a warning if it does.',
  source: 'RFC 5452, 9.1, and RFC 1035, 7.3; CoreDNS: plugin rewrite, "Response Rewrites"',
  remedy: advice`Write the answer back: in CoreDNS "rewrite name regex FROM TO answer auto", or an "answer name" line in a rewrite stop {…} block; for an alias let the server answer with a CNAME.\n${kubectl`-n kube-system get configmap coredns -o yaml`}`,
  remedyOutside:
    'Make the server answer with the name that was asked: a rewrite has to write the answer back (CoreDNS: rewrite name regex FROM TO answer auto), and an alias is a CNAME record.',
} as const;

/** All of its addresses are those of other names. */
function isAstray({ addresses, astray = [], truncated }: DnsQuery): boolean {
  return addresses.length > 0 && astray.length > 0 && !truncated;
}

function quoteAnswer(query: DnsQuery): Quote {
  const owner = query.astray?.[0] ?? '';
  return {
    command: digCommand(query),
    excerpt: [
      `;${query.question.name} ${query.question.type}`,
      `${owner} ${query.question.type} ${query.addresses[0]}`,
    ].join('\n'),
  };
}

function judge({ name, candidates, resolver }: NameFacts): Occurrence[] {
  const astray = candidates.flatMap(({ answers }) => answers.filter(isAstray));
  const isHeeded = candidates.some(({ answers }) =>
    answers.some((one) => one.addresses.length > 0 && !isAstray(one)),
  );
  const [first] = astray;
  if (first === undefined || isHeeded) return [];
  const isLost = resolver !== undefined && resolver.outcome !== 'resolved';
  return [
    occurrence(
      meta,
      isLost ? 'critical' : 'warning',
      `${first.server} answers for ${first.question.name} with ${first.addresses.slice(0, 2).join(' and ')} of ${enumerate((first.astray ?? []).slice(0, 2))}, another name than was asked${isLost ? `: getaddrinfo of the target takes none of it, and ${name} does not resolve` : ', which resolvers that compare the names do not take'}.`,
      [quoteAnswer(first)],
      { subject: name },
    ),
  ];
}

export const otherOwner: Rule<DnsFacts> = {
  meta,
  judge: ({ names }) => names.flatMap(judge),
};
