import { advice, verbatim } from '../../../model/advice.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerFacts, Tried } from '../facts.ts';
import { wayTo } from '../host.ts';
import { isIn, isReached } from '../passage.ts';

const meta = {
  id: 'NT-DKR-016',
  title: 'DEST is an address of a Docker network, and no container has it',
  severities: ['critical'],
  meaning:
    "Docker gave one of its networks a subnet in which DEST lies: the host sends everything for that subnet to the network's bridge, where nobody has the address. If a container is meant, it has another address by now. If a machine of your own network or VPN is meant, the two subnets overlap: neither the containers nor the host reach that machine.",
  rule: "A DEST was not reached, its address lies in the subnet of a network of the engine with the driver bridge, it is neither the host's nor the target's own, and no container of the engine, running or not, has it.",
  source: 'Docker documentation, "Networking overview" (subnet allocation, default-address-pools)',
  remedy:
    'See who has which address: docker network inspect NETWORK. If a machine of your own network is meant, make the Docker network anew with another subnet (docker network create --subnet, in Compose ipam), and set default-address-pools in /etc/docker/daemon.json to ranges that nobody else uses.',
} as const;

/** The network in whose subnet a DEST lies that nobody there has; `undefined`: somebody has it, or it is not known. */
export function emptyPlace({ input, host }: DockerFacts, tried: Tried): string | undefined {
  const { address, destination, reach } = tried;
  if (reach.value === undefined || isReached(tried)) return undefined;
  if (input.peers.some((peer) => peer.destination === destination.label)) return undefined;
  if (host && wayTo(host, address) === 'host') return undefined;
  const isBridge = ({ driver, subnets }: { driver: string; subnets: readonly string[] }): boolean =>
    driver === 'bridge' && isIn(subnets, address);
  const own = input.networks.find(isBridge);
  if (own) return own.gateway === address || own.addresses.includes(address) ? undefined : own.name;
  // The gateways of other networks are the host's, whose addresses are known where it was looked at.
  return host && input.others.find(isBridge)?.name;
}

export const nobodyThere: Rule<DockerFacts> = {
  meta,
  judge: (facts) =>
    facts.tried.flatMap((tried) => {
      const network = emptyPlace(facts, tried);
      if (network === undefined) return [];
      const { destination, address } = tried;
      const { subnets = [] } =
        [...facts.input.networks, ...facts.input.others].find(({ name }) => name === network) ?? {};
      return [
        occurrence(
          meta,
          'critical',
          `${address} lies in the subnet of Docker network ${network}, and no container of this engine has that address: if a machine of your own network is meant, the subnets overlap.`,
          [{ command: ['docker', 'network', 'inspect', network], excerpt: subnets.join('\n') }],
          {
            subject: destination.label,
            remediation: advice`See who has which address there. If a machine of your own network is meant, make that Docker network anew with another subnet (docker network create --subnet, in Compose ipam), and set default-address-pools in /etc/docker/daemon.json to ranges that nobody else uses.\n${verbatim`docker network inspect ${network}`}`,
          },
        ),
      ];
    }),
};
