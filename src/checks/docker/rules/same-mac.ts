import type { Occurrence } from '../../../model/finding.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerFacts, DockerNetwork } from '../facts.ts';
import { isReached } from '../passage.ts';

const meta = {
  id: 'NT-DKR-030',
  title: 'Two containers of a network have the same MAC address',
  severities: ['critical', 'warning'],
  meaning:
    'The bridge sends a frame to the port at which it has seen its MAC address last: with two containers behind one address, each takes the packets of the other as soon as it sends something itself. Connections stall, are reset and come back, and which of the two suffers changes all the time. Docker gives each container an address of its own; it is written down as a wish (--mac-address, mac_address in Compose), and reused, by tools that make containers anew from what docker inspect says (Portainer, Watchtower), so that a later container gets it too.',
  rule: 'By the engine, at least two running containers of a network of the target have one MAC address, and one of them is the target or a container that a DEST means: critical where a DEST was not reached, else a warning.',
  source: 'moby/moby#48595; kernel: net/bridge/br_fdb.c (br_fdb_update)',
  remedy:
    'Make one of the two containers anew without a MAC address (no --mac-address, no mac_address in Compose; in Portainer clear the field "MAC address"): the engine then gives it its own.',
  explains: { depth: 148, target: [...ALL_TRAFFIC, 'NT-ARP-002', 'NT-ARP-004'] },
} as const;

function judge(facts: DockerFacts, { name, doubles = [] }: DockerNetwork): Occurrence[] {
  const { input, tried } = facts;
  return doubles.flatMap(({ mac, containers }) => {
    const means = input.peers.find(({ container }) => containers.includes(container));
    if (!containers.includes(input.container) && means === undefined) return [];
    const isLost = tried.some((one) => one.reach.value !== undefined && !isReached(one));
    const names = containers.map((one) => `"${one}"`).join(' and ');
    return [
      occurrence(
        meta,
        isLost ? 'critical' : 'warning',
        `${names} have the same MAC address on network ${name}, ${mac}: the bridge sends what is meant for one of them to the one that has sent last.`,
        [
          {
            command: ['docker', 'network', 'inspect', name],
            excerpt: containers.map((one) => `${one} MacAddress ${mac}`).join('\n'),
          },
        ],
      ),
    ];
  });
}

export const sameMac: Rule<DockerFacts> = {
  meta,
  judge: (facts) => facts.input.networks.flatMap((network) => judge(facts, network)),
};
