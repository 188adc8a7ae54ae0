import type { PublishedPort } from '../../../model/docker-ports.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { type BookOutcome, isStop } from '../../shared/rule-books.ts';
import { engineName, hostText } from '../engine-words.ts';
import type { DockerFacts, DockerHost, HostLink } from '../facts.ts';
import { incomingStop, incomingWays, onHost, quoteStop, remedyOf, stopText } from '../passage.ts';
import { linkOf, publishedText, reachableFromOutside } from '../published.ts';

const titleFor = (engine: string): string => `A rule of the ${engine} host blocks a published port`;

const meta = {
  id: 'NT-DKR-014',
  title: titleFor('Docker'),
  severities: ['warning', 'info'],
  meaning:
    "Connections to a published port are translated first and then pass the host's FORWARD chain with the container's address and port, not INPUT, so what ufw or firewalld allow there does not matter. A rule in DOCKER-USER or before it decides.",
  rule: 'On the host, a connection from another machine to a published port certainly ends at a rule or a policy of FORWARD that drops or rejects (warning), or does so unless it comes from the addresses that the rule excludes (! -s: info). Not for ports that are published only on loopback.',
  source: 'Docker documentation, "Packet filtering and firewalls" (DOCKER-USER)',
  remedy:
    'If others should get through, change the rule. In DOCKER-USER, match the port of the container (--dport), or the published one with conntrack: -m conntrack --ctorigdstport PORT --ctdir ORIGINAL.',
} as const;

/** A rule that stops all but some senders. */
function allowList(host: DockerHost, link: HostLink, port: PublishedPort): BookOutcome | undefined {
  return incomingWays(host, link, port)
    .flat()
    .find((one) => isStop(one) && one.matches.some(({ option, negated }) => option === '-s' && negated));
}

export const publishedDropped: Rule<DockerFacts> = {
  meta,
  judge: (facts) =>
    reachableFromOutside(facts).flatMap((port): Occurrence[] => {
      const { host, input } = facts;
      const link = linkOf(facts);
      if (!host || !link) return [];
      const name = publishedText(port);
      const title = titleFor(engineName(input));
      const stop = incomingStop(host, link, port);
      if (stop) {
        return [
          occurrence(
            meta,
            'warning',
            `No other machine reaches ${name}: on ${hostText(input)}, ${stopText(stop)}.`,
            [quoteStop(stop)],
            { title, remediation: remedyOf(stop, input) },
          ),
        ];
      }
      const list = allowList(host, link, port);
      const allowed = list?.matches.find(({ option }) => option === '-s')?.values[0];
      if (!list || allowed === undefined) return [];
      return [
        occurrence(
          meta,
          'info',
          `Of other machines, only ${allowed} reaches ${name}: on ${hostText(input)}, ${list.text} (${list.packets} packets so far).`,
          [onHost(list.book.result.command, `${list.text}\n${list.packets} packets`)],
          { title },
        ),
      ];
    }),
};
