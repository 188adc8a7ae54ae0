import { advice, verbatim } from '../../../model/advice.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerFacts, Tried } from '../facts.ts';
import { wayTo } from '../host.ts';
import { isIn, isReached } from '../passage.ts';

const meta = {
  id: 'NT-DKR-016',
  title: 'DEST is an address on a Docker network, and no container has it',
  severities: ['critical'],
  meaning:
    "DEST is in the subnet of one of Docker's networks: the host sends everything for that subnet to the network's bridge, where nothing has the address. If you mean a container, it has another address now. If you mean a machine on your own network or VPN, the two subnets overlap: neither the containers nor the host reach that machine.",
  rule: "A DEST was not reached, its address is in the subnet of one of the engine's bridge networks, it is neither the host's nor the target's own, and no container of the engine, running or not, has it.",
  source: 'Docker documentation, "Networking overview" (subnet allocation, default-address-pools)',
  remedy:
    'List the addresses in use: docker network inspect NETWORK. If you mean a machine on your own network, recreate the Docker network with another subnet (docker network create --subnet, ipam in Compose), and set default-address-pools in /etc/docker/daemon.json to unused ranges.',
  explains: { depth: 127, subject: [...ALL_TRAFFIC, 'NT-ARP-002'] },
} as const;

/** The network in whose subnet a DEST lies that nobody there has; `undefined`: somebody has it, or it is not known. */
export function emptyPlace({ input, host }: DockerFacts, tried: Tried): string | undefined {
  const { address, destination, reach } = tried;
  if (reach.value === undefined || isReached(tried)) return undefined;
  if (input.peers.some((peer) => peer.destination === destination.label)) return undefined;
  if (input.taken?.includes(address) === true) return undefined;
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
          `${address} is in the subnet of Docker network ${network}, but no container of this engine has that address: if you mean a machine on your own network, the subnets overlap.`,
          [{ command: ['docker', 'network', 'inspect', network], excerpt: subnets.join('\n') }],
          {
            subject: destination.label,
            remediation: advice`List the addresses in use there. If you mean a machine on your own network, recreate that Docker network with another subnet (docker network create --subnet, ipam in Compose), and set default-address-pools in /etc/docker/daemon.json to unused ranges.\n${verbatim`docker network inspect ${network}`}`,
          },
        ),
      ];
    }),
};
