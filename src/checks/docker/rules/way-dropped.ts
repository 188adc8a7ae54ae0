import { socketAddress } from '../../../model/socket-address.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { engineName } from '../engine-words.ts';
import type { DockerFacts } from '../facts.ts';
import { isolationOf, linkTo, outgoingStop, quoteStop, remedyOf, stopOnWay, stopText } from '../passage.ts';

const titleFor = (engine: string): string => `The ${engine} host drops what the container sends to DEST`;

const meta = {
  id: 'NT-DKR-013',
  title: titleFor('Docker'),
  severities: ['critical'],
  meaning:
    "A rule on the Docker host prevents the connection: what a container sends to other machines and networks passes the host's FORWARD chain (which includes DOCKER-USER), and what it sends to an address of the host itself passes INPUT, where ufw and firewalld drop by default.",
  rule: "A DEST was not reached, and on the host a connection from the container to it certainly ends at a rule or a policy that drops or rejects (iptables, both kinds); or may end there, and the rule's counter grew during the run (nft too).",
  source: 'Docker documentation, "Packet filtering and firewalls"; iptables(8)',
  remedy: 'Change the rule on the Docker host; the finding names it with its counter.',
  explains: { depth: 250, subject: ALL_TRAFFIC },
} as const;

export const wayDropped: Rule<DockerFacts> = {
  meta,
  judge: (facts) =>
    facts.tried.flatMap((tried) => {
      const { destination, address, port } = tried;
      if (isolationOf(facts, destination.label)) return [];
      const stop = stopOnWay(facts, tried);
      const link = linkTo(facts, tried);
      if (!stop || !link || !facts.host) return [];
      // It stops everything, which NT-DKR-009 tells.
      if (!stop.isToHost && outgoingStop(facts.host, link)?.text === stop.text) return [];
      const { input } = facts;
      const place = socketAddress(address, port);
      const name = destination.label.includes(address) ? place : `${destination.label} (${place})`;
      const where = stop.isToHost ? ', an address of the host itself' : '';
      return [
        occurrence(
          meta,
          'critical',
          `The ${engineName(input)} host drops what "${input.container}" sends to ${name}${where}: ${stopText(stop)}.`,
          [quoteStop(stop)],
          {
            subject: destination.label,
            title: titleFor(engineName(input)),
            remediation: remedyOf(stop, input),
          },
        ),
      ];
    }),
};
