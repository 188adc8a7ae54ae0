import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { engineName, hostText } from '../engine-words.ts';
import type { DockerFacts, DockerHost, HostLink } from '../facts.ts';
import { engineCommand, engineLines, outside, walks } from '../host.ts';
import { onHost, reachesOutside } from '../passage.ts';
import { writeAgain } from '../rewrite.ts';

const titleFor = (engine: string): string => `The ${engine} host does not translate the network's addresses`;

const meta = {
  id: 'NT-DKR-012',
  title: titleFor('Docker'),
  severities: ['critical'],
  meaning:
    "Nothing beyond the Docker host has a route to the addresses of a bridge network, so the host must replace them with its own (MASQUERADE). Without that rule, packets leave with the container's address and no answer comes back: connections time out.",
  rule: "On the host, no rule that a packet from the container's address to the outside passes in the POSTROUTING chains of the nat table translates its source, for a bridge network that is not internal and was not created without translation (enable_ip_masquerade, gateway_mode_ipv4).",
  source: 'Docker documentation, "Packet filtering and firewalls" and "Bridge network driver" (options)',
  remedy:
    'Reloading or flushing a firewall removes the rule: on the Docker host, systemctl restart docker writes it again. With "iptables": false in daemon.json Docker writes none: then the host\'s own firewall must do it.',
  explains: { depth: 230, target: [...ALL_TRAFFIC, 'NT-DKR-013', 'NT-DKR-008', 'NT-DKR-014'] },
} as const;

/** Stands for anywhere (RFC 5737), so that exceptions for known addresses do not count. */
const ANYWHERE = '192.0.2.1';

function isTranslated(host: DockerHost, { address, bridge }: HostLink): boolean {
  const packet = { source: address, destination: ANYWHERE, in: { is: bridge }, out: outside(host) };
  return walks(host, 'nat', 'POSTROUTING', packet).some((way) =>
    way.some(({ verdict }) => verdict === 'translate' || verdict === 'other'),
  );
}

export const noMasquerade: Rule<DockerFacts> = {
  meta,
  judge: (facts) => {
    const { host, links, input } = facts;
    if (!host || reachesOutside(facts)) return [];
    return links
      .filter(({ network }) => !network.internal && network.masquerades)
      .filter((link) => !isTranslated(host, link))
      .map(({ network, address }) =>
        occurrence(
          meta,
          'critical',
          `No rule of ${hostText(input)} translates the addresses of network ${network.name} (${network.subnets.join(', ')}): packets leave with source ${address}, to which nothing outside can reply.`,
          [
            onHost(
              engineCommand(host.books),
              engineLines(host.books, 'nat', / POSTROUTING |masquerade|snat/)
                .slice(0, 6)
                .join('\n') || 'no rule in POSTROUTING',
            ),
          ],
          {
            title: titleFor(engineName(input)),
            ...(input.isPodman ? { remediation: writeAgain(input) } : {}),
          },
        ),
      );
  },
};
