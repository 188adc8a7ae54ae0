import type { Occurrence } from '../../../model/finding.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DnsFacts, NameFacts } from '../facts.ts';
import { quoteQueries, quoteResolvConf } from '../wording.ts';

const meta = {
  id: 'NT-DNS-019',
  title: 'Resolvers read resolv.conf differently',
  severities: ['warning', 'info'],
  meaning:
    'A line of resolv.conf is not valid by resolv.conf(5), so resolvers ignore it or use another value; or the search list is longer than some resolvers accept, and they truncate it. Names then resolve in one image and not in another.',
  rule: 'A nameserver is not an address, or ndots, timeout or attempts has no number after its colon (warning); or the search list has more than 6 domains or more than 256 characters (info: glibc since 2.26 accepts them; a warning where a name that was asked for, or the host of a DEST, is found by a domain beyond these alone); or such a name has as many dots as ndots or more, does not exist as it is, and is found by the search list, which musl then leaves out (warning); or the search list names the root (search .), by which musl before 1.2.4 fails for every name that goes through the list (warning where ndots is above 1 and one that was asked for does, else info).',
  source:
    'resolv.conf(5): search was limited to 6 domains and 256 characters before glibc 2.26; musl (resolvconf.c) ignores lines of more than 255, and (lookup_name.c) searches only for names of fewer dots than ndots; kubernetes/kubernetes#112135; Kubernetes allows 32 domains and 2048 characters',
  remedy: 'Write one address after each nameserver, and options without a space: "options ndots:2".',
  explains: { depth: 908, target: ['NT-DNS-006'] },
} as const;

const MOST_DOMAINS = 6;
const MOST_CHARACTERS = 256;

const SHORTER =
  'Keep the search list to 6 domains and 256 characters (dnsConfig.searches of the pod, the resolv.conf of the node), or write full names with a trailing dot.';

export const resolvConfLines: Rule<DnsFacts> = {
  meta,
  judge: (facts) =>
    facts.noResolvConf === undefined
      ? [...malformed(facts), ...tooLong(facts), ...ofManyDots(facts), ...ofRoot(facts)]
      : [],
};

function malformed(facts: DnsFacts): Occurrence[] {
  const { malformed: lines } = facts.resolvConf;
  const [first] = lines;
  if (first === undefined) return [];
  const more = lines.length > 1 ? ` (and ${lines.length - 1} more)` : '';
  return [
    occurrence(
      meta,
      'warning',
      `resolv.conf has a line that resolvers ignore or interpret differently: "${first}"${more}.`,
      quoteResolvConf(facts),
    ),
  ];
}

/** How many domains from the front an old resolver uses. */
function used(search: readonly string[]): number {
  let at = 0;
  while (at < MOST_DOMAINS && search.slice(0, at + 1).join(' ').length <= MOST_CHARACTERS) at++;
  return Math.min(at, search.length);
}

/** The domain that a name is found by, counted from 1, where that is one that an old resolver never uses. */
function foundBeyond({ name, origin, found, candidates }: NameFacts, search: readonly string[]) {
  if (origin === 'default' || found === undefined) return undefined;
  const plain = name.replace(/\.$/, '').toLowerCase();
  const at = search.findIndex(
    (domain) => found.name.toLowerCase() === `${plain}.${domain.replace(/\.$/, '').toLowerCase()}.`,
  );
  const isItself = candidates.some(
    (one) =>
      one.name.toLowerCase() === `${plain}.` && one.answers.some(({ addresses }) => addresses.length > 0),
  );
  return at < used(search) || isItself ? undefined : at + 1;
}

function dotsIn(name: string): number {
  return name.split('.').length - 1;
}

/** glibc tries the search list for a name that does not exist as it is; musl does not, where it has ndots dots. */
function ofManyDots(facts: DnsFacts): Occurrence[] {
  const { search, ndots } = facts.resolvConf;
  return facts.names.flatMap((one) => {
    const { name, origin, found } = one;
    if (origin === 'default' || found === undefined || name.endsWith('.') || dotsIn(name) < ndots) return [];
    const plain = `${name.toLowerCase()}.`;
    const domain = search.find((each) => found.name.toLowerCase() === `${plain}${each.toLowerCase()}.`);
    if (domain === undefined) return [];
    return [
      occurrence(
        meta,
        'warning',
        `${name} does not exist as it is, and is found by the search list (${domain}): with ndots ${ndots} the C library of Alpine (musl) tries no search list for a name of ${dotsIn(name)} ${dotsIn(name) === 1 ? 'dot' : 'dots'}, so it does not exist there.`,
        [
          ...quoteResolvConf(facts),
          ...quoteQueries(
            found.answers.filter(({ addresses }) => addresses.length > 0),
            1,
          ),
        ],
        {
          subject: name,
          remediation: `Write the whole name, ${found.name} with its trailing dot, or set ndots to ${dotsIn(name) + 1} (dnsConfig.options of the pod, the resolv.conf of the container or node).`,
        },
      ),
    ];
  });
}

/** res_mkquery of musl refuses the empty label that "NAME.." has, and before 1.2.4 that ended the lookup. */
function ofRoot(facts: DnsFacts): Occurrence[] {
  const { hasRoot, ndots } = facts.resolvConf;
  if (!hasRoot) return [];
  const searched = facts.names.find(
    ({ name, origin }) =>
      // Of one word only hosts ask without a cluster's ndots, and those have no musl.
      ndots > 1 && origin !== 'default' && !name.endsWith('.') && dotsIn(name) < ndots,
  );
  return [
    occurrence(
      meta,
      searched === undefined ? 'info' : 'warning',
      `The search list names the root ("search ."): with the C library of Alpine before 3.18 (musl before 1.2.4) no name resolves that goes through it${searched === undefined ? '' : `, such as ${searched.name} (${dotsIn(searched.name)} dots, ndots ${ndots})`}.`,
      quoteResolvConf(facts),
      {
        remediation:
          'Take the dot out of the search list: it says nothing that resolvers do not do anyway. systemd-resolved and the kubelet 1.25.0 wrote it where no domain is known; newer kubelets leave it out.',
        ...(searched === undefined ? {} : { subject: searched.name }),
      },
    ),
  ];
}

function tooLong(facts: DnsFacts): Occurrence[] {
  const { search } = facts.resolvConf;
  const characters = search.join(' ').length;
  if (search.length <= MOST_DOMAINS && characters <= MOST_CHARACTERS) return [];
  const beyond = facts.names.flatMap((name) => {
    const nth = foundBeyond(name, search);
    return nth === undefined ? [] : [{ name, nth }];
  });
  if (beyond.length > 0)
    return beyond.map(({ name, nth }) =>
      occurrence(
        meta,
        'warning',
        `${name.name} resolves by domain ${nth} of the ${search.length} of the search list alone (${search[nth - 1]}): glibc before 2.26 uses only the first ${used(search)} of them, so it does not exist there.`,
        [
          ...quoteResolvConf(facts),
          ...quoteQueries(name.found?.answers.filter(({ addresses }) => addresses.length > 0) ?? [], 1),
        ],
        { subject: name.name, remediation: SHORTER },
      ),
    );
  return [
    occurrence(
      meta,
      'info',
      `The search list has ${search.length} domains and ${characters} characters: glibc before 2.26 uses only ${MOST_DOMAINS} domains and ${MOST_CHARACTERS} characters, and musl ignores a line of more than 255 characters.`,
      quoteResolvConf(facts),
      { remediation: SHORTER },
    ),
  ];
}
