import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DnsFacts, NameFacts } from '../facts.ts';
import { quoteQueries, quoteResolvConf } from '../wording.ts';
import { hidden } from './search-hides-name.ts';

const meta = {
  id: 'NT-DNS-006',
  title: 'A name costs many queries (ndots)',
  severities: ['warning', 'info'],
  meaning:
    'A name with fewer dots than ndots goes through the search list first: each domain in it costs two queries (A and AAAA) that end in NXDOMAIN before the name itself is queried. This multiplies the load on the DNS servers and the time of each lookup.',
  rule: 'The resolver sends more than 2 queries (A and AAAA) before it finds the name. For the host of a DEST it is an info.',
  source: 'resolv.conf(5), ndots; a lookup of any name costs at least two queries',
  remedy:
    'End the name with a dot, or write it with only as many labels as its own search domain needs (NAME within the namespace), or set ndots: "2" in the dnsConfig.options of the pod: spec: {dnsConfig: {options: [{name: ndots, value: "2"}]}}.',
  remedyOutside: 'End the name with a dot, or lower ndots and remove search domains from /etc/resolv.conf.',
} as const;

/** A and AAAA. */
const LEAST = 2;

export const ndots: Rule<DnsFacts> = {
  meta,
  judge: (facts) =>
    facts.names.flatMap((name) => {
      if (name.origin === 'default' || name.cost === undefined || name.cost <= LEAST) return [];
      // To pin the name that is found would pin the wrong host.
      if (hidden(name, facts.resolvConf.search)) return [];
      const dots = name.name.split('.').length - 1;
      const missed = name.candidates.slice(0, name.cost / 2 - 1).length;
      const found = name.found?.name ?? '';
      const isItself = found.toLowerCase() === `${name.name.replace(/\.$/, '')}.`.toLowerCase();
      const tried = isItself
        ? `${missed === 1 ? 'one domain' : `${missed} domains`} of the search list ${missed === 1 ? 'is' : 'are'} tried before the name itself`
        : `${missed === 1 ? 'one other name is' : `${missed} other names are`} tried before "${found}"`;
      return [
        occurrence(
          meta,
          name.origin === 'asked' ? 'warning' : 'info',
          `${name.name} costs ${name.cost} queries instead of 2: with ${dots} ${dots === 1 ? 'dot' : 'dots'} and ndots ${facts.resolvConf.ndots}, ${tried}.`,
          [...quoteResolvConf(facts), ...quoteQueries(firstAnswers(name), 2)],
          {
            subject: name.name,
            ...(isItself
              ? {}
              : {
                  remediation: `Write it as ${found} (the trailing dot skips the search list), or with only as many labels as the first search domain needs.`,
                }),
          },
        ),
      ];
    }),
};

/** An answer of the first candidate, and one of the last. */
function firstAnswers(name: NameFacts) {
  const found = name.found?.answers.find((a) => a.addresses.length > 0);
  return [...(name.candidates[0]?.answers.slice(0, 1) ?? []), ...(found ? [found] : [])];
}
