import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { engineName } from '../engine-words.ts';
import type { DockerFacts } from '../facts.ts';
import { outgoingStop, quoteStop, reachesOutside, remedyOf, stopText } from '../passage.ts';

const titleFor = (engine: string): string => `The ${engine} host drops all packets that leave the network`;

const meta = {
  id: 'NT-DKR-009',
  title: titleFor('Docker'),
  severities: ['critical'],
  meaning:
    "What containers send beyond their network passes the host's FORWARD chain: first DOCKER-USER, which is for the administrator, then Docker's own rules, then any others, and last the chain's policy, which Docker sets to DROP. Here every packet from the container's network ends at a rule that drops or rejects it, whatever its destination.",
  rule: 'On the host, a new connection from the container out of a network that is not internal certainly ends at a rule or a policy of the FORWARD chain (filter table of iptables, both kinds) that drops or rejects.',
  source: 'Docker documentation, "Packet filtering and firewalls"; iptables(8)',
  remedy:
    "Change the rule on the Docker host. If Docker's own rules are gone (a firewall was reloaded or flushed): systemctl restart docker.",
  explains: { depth: 220, target: [...ALL_TRAFFIC, 'NT-DKR-013', 'NT-DKR-008', 'NT-DKR-014'] },
} as const;

export const outgoingDropped: Rule<DockerFacts> = {
  meta,
  judge: (facts) => {
    const { host, links, input } = facts;
    if (!host || reachesOutside(facts)) return [];
    return links
      .filter(({ network }) => !network.internal)
      .flatMap((link) => {
        const stop = outgoingStop(host, link);
        if (!stop) return [];
        return [
          occurrence(
            meta,
            'critical',
            `The ${engineName(input)} host drops everything that leaves network ${link.network.name}: ${stopText(stop)}.`,
            [quoteStop(stop)],
            { title: titleFor(engineName(input)), remediation: remedyOf(stop, input) },
          ),
        ];
      });
  },
};
