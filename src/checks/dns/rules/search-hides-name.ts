import type { Occurrence } from '../../../model/finding.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { Candidate, DnsFacts, NameFacts } from '../facts.ts';
import { quoteQueries, quoteResolvConf } from '../wording.ts';

/** @param name as it is to be written */
const remedyOf = (name: string): string =>
  `End ${name} with a dot, set ndots: "1" in the dnsConfig of the pod (spec: {dnsConfig: {options: [{name: ndots, value: "1"}]}}), or remove the domain from the search list: it often comes from the resolv.conf of the node.`;

const meta = {
  id: 'NT-DNS-014',
  title: 'A search domain answers instead of the name itself',
  severities: ['warning'],
  meaning:
    'A name with fewer dots than ndots is first tried with each search domain appended. One of these has an address for it, usually because the domain answers any name (a wildcard record), so the resolver takes that address and never queries the name itself, which has another. Clients reach the wrong host: another site, or a certificate for another name.',
  rule: 'An expansion outside the domain of Services and the name itself both have addresses, and they have none in common.',
  source: 'resolv.conf(5): search and ndots',
  remedy: remedyOf('the name'),
} as const;

const addressesOf = ({ answers }: Candidate): string[] => [...new Set(answers.flatMap((a) => a.addresses))];

/** What is found for the name, and the name itself that leads elsewhere; `undefined`: it is not hidden. */
export function hidden(
  name: NameFacts,
  search: readonly string[],
): { readonly found: Candidate; readonly itself: Candidate; readonly domain: string } | undefined {
  const { found } = name;
  const absolute = `${name.name.replace(/\.$/, '')}.`.toLowerCase();
  const itself = name.candidates.find((c) => c.name.toLowerCase() === absolute);
  if (!found || !itself || found === itself) return undefined;
  const domain = found.name.slice(absolute.length).replace(/\.$/, '');
  // A Service's short name is what the search list is for.
  const services = search.find((one) => one.startsWith('svc.'));
  if (services !== undefined && (domain === services || domain.endsWith(`.${services}`))) return undefined;
  const [here, there] = [addressesOf(found), addressesOf(itself)];
  return there.length > 0 && !here.some((address) => there.includes(address))
    ? { found, itself, domain }
    : undefined;
}

function judge(name: NameFacts, facts: DnsFacts): Occurrence[] {
  const known = hidden(name, facts.resolvConf.search);
  if (!known) return [];
  const { found, itself, domain } = known;
  return [
    occurrence(
      meta,
      'warning',
      `${name.name} resolves to ${addressesOf(found).slice(0, 2).join(' and ')} as ${found.name} (search domain ${domain}, which may answer any name); the name itself is ${addressesOf(itself).slice(0, 2).join(' and ')}.`,
      [
        ...quoteResolvConf(facts),
        ...quoteQueries(
          [found, itself].flatMap(({ answers }) => answers.filter((a) => a.addresses.length > 0).slice(0, 1)),
          2,
        ),
      ],
      { subject: name.name, remediation: remedyOf(itself.name) },
    ),
  ];
}

export const searchHidesName: Rule<DnsFacts> = {
  meta,
  judge: (facts) => facts.names.flatMap((name) => judge(name, facts)),
};
