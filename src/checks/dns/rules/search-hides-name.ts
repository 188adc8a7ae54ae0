import { advice, kubectl } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { sameAddress } from '../../../parsers/ip-prefix.ts';
import { quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { Candidate, DnsFacts, NameFacts } from '../facts.ts';
import { quoteQueries, quoteResolvConf, serviceName } from '../wording.ts';

/** @param name as it is to be written */
const remedyOf = (name: string): string =>
  `End ${name} with a dot, set ndots: "1" in the dnsConfig of the pod (spec: {dnsConfig: {options: [{name: ndots, value: "1"}]}}), or remove the domain from the search list: it often comes from the resolv.conf of the node.`;

const meta = {
  id: 'NT-DNS-014',
  title: 'A search domain answers instead of the name itself',
  severities: ['critical', 'warning'],
  meaning:
    'A name with fewer dots than ndots is first tried with each search domain appended. One of these has an address for it, usually because the domain answers any name (a wildcard record), so the resolver takes that address and never queries the name itself, which has another. Clients reach the wrong host: another site, or a certificate for another name.',
  rule: 'An expansion outside the domain of Services and the name itself both have addresses, and they have none in common. Or the name is that of a Service of the API with virtual addresses, and another expansion, which comes first, has none of them for its address (critical). Or the name itself, of three labels or more, does not exist, and the search domain that has an address for it has one too for a name below it that nobody has made.',
  // Clients reach another host than they mean.
  explains: { depth: 906, subject: ['NT-TLS', 'NT-FW', 'NT-HTTP', 'NT-LAT', 'NT-SOCK-001'] },
  source: 'resolv.conf(5): search and ndots',
  remedy: remedyOf('the name'),
} as const;

const addressesOf = ({ answers }: Candidate): string[] => [...new Set(answers.flatMap((a) => a.addresses))];

/** What is found for the name, and the name itself that leads elsewhere; `undefined`: it is not hidden. */
export function hidden(
  name: NameFacts,
  search: readonly string[],
): { readonly found: Candidate; readonly itself: Candidate; readonly domain: string } | undefined {
  const { found, absolute, itself, domain } = expansion(name, search) ?? {};
  if (!found || !itself || domain === undefined || absolute === undefined) return undefined;
  const [here, there] = [addressesOf(found), addressesOf(itself)];
  return there.length > 0 && !here.some((address) => there.includes(address))
    ? { found, itself, domain }
    : undefined;
}

/** What a domain that is not the Services' makes of the name; `undefined`: nothing. */
function expansion(name: NameFacts, search: readonly string[]) {
  const { found } = name;
  const absolute = `${name.name.replace(/\.$/, '')}.`.toLowerCase();
  const itself = name.candidates.find((c) => c.name.toLowerCase() === absolute);
  if (!found || !itself || found === itself) return undefined;
  const domain = found.name.slice(absolute.length).replace(/\.$/, '');
  // A Service's short name is what the search list is for.
  const services = search.find((one) => one.startsWith('svc.'));
  if (services !== undefined && (domain === services || domain.endsWith(`.${services}`))) return undefined;
  return { found, absolute, itself, domain };
}

/** The name itself does not exist, and the search domain has an address for any. */
function byWildcard(name: NameFacts, facts: DnsFacts): Occurrence[] {
  const { found, itself, domain } = expansion(name, facts.resolvConf.search) ?? {};
  const stranger = facts.strangers.find(({ below }) => below.toLowerCase() === name.name.toLowerCase());
  if (!found || !itself || domain === undefined || stranger === undefined) return [];
  const isDenied =
    itself.answers.some(({ rcode }) => rcode === 'NXDOMAIN') && addressesOf(itself).length === 0;
  const isSame = addressesOf(found).some((address) => stranger.addresses.includes(address));
  if (!isDenied || !isSame || !stranger.found.toLowerCase().endsWith(`.${domain.toLowerCase()}.`)) return [];
  return [
    occurrence(
      meta,
      'warning',
      `${name.name} does not exist, and resolves to ${addressesOf(found).slice(0, 2).join(' and ')} as ${found.name}: the search domain ${domain} answers any name, such as ${stranger.found}`,
      [
        ...quoteResolvConf(facts),
        ...quoteQueries(
          found.answers.filter((a) => a.addresses.length > 0),
          1,
        ),
        { command: stranger.result.command, excerpt: stranger.line },
      ],
      { subject: name.name, remediation: remedyOf(itself.name) },
    ),
  ];
}

/** An expansion that is none of the Service's names leads to another one. */
function ofService(name: NameFacts, facts: DnsFacts): Occurrence[] {
  const { found, candidates } = name;
  const service = facts.input.known?.[name.name];
  const full = service && serviceName(service, facts);
  const own = service?.addresses ?? [];
  if (!found || service === undefined || full === undefined || found.name.toLowerCase() === full) return [];
  const there = addressesOf(found);
  // Of a family that the Service has no address of, nothing is known.
  const comparable = there.filter((one) => own.some((o) => o.includes(':') === one.includes(':')));
  if (comparable.length === 0 || comparable.some((one) => own.some((o) => sameAddress(o, one)))) return [];
  const right = candidates.find((one) => one.name.toLowerCase() === full);
  return [
    occurrence(
      meta,
      'critical',
      `${name.name} is the name of Service ${service.namespace}/${service.name} (${own.join(' and ')}), and resolves to ${comparable.slice(0, 2).join(' and ')} as ${found.name}, which the search list makes of it first: clients reach something else.`,
      [
        ...quoteResolvConf(facts),
        ...[found, ...(right ? [right] : [])].flatMap(({ answers }) =>
          quoteQueries(
            answers.filter((a) => a.addresses.length > 0),
            1,
          ),
        ),
        quoteApi(
          kubectl`get service -n ${service.namespace} ${service.name} -o jsonpath={.spec.clusterIPs}`,
          own.join(' '),
        ),
      ],
      {
        subject: name.name,
        remediation: advice`Find out which record the name server has for ${found.name}: a wildcard, a rewrite, a template or an alias in its configuration. No Service is called so. Until it is gone, ask for ${full} with the dot at its end.\n${kubectl`-n kube-system get configmap coredns -o yaml`}`,
      },
    ),
  ];
}

function judge(name: NameFacts, facts: DnsFacts): Occurrence[] {
  const known = hidden(name, facts.resolvConf.search);
  if (!known) return [...ofService(name, facts), ...byWildcard(name, facts)];
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
