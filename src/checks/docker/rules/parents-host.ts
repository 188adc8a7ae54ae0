import type { Occurrence } from '../../../model/finding.ts';
import { nextHop } from '../../../parsers/reach.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { ON_HOST } from '../engine-words.ts';
import type { DockerFacts, DockerNetwork, Tried } from '../facts.ts';
import { wayTo } from '../host.ts';
import { isIn, isReached } from '../passage.ts';

const meta = {
  id: 'NT-DKR-019',
  title: 'A container on a macvlan network does not reach its own host',
  severities: ['critical'],
  meaning:
    'A macvlan (or ipvlan) interface sits on an interface of the host, and the kernel passes nothing between the two: the container reaches everything on the network except the machine it runs on, and that machine does not reach it. This is by design, not a firewall.',
  rule: 'A DEST was not reached, it is an address of the Docker host in the subnet of a network with the driver macvlan or ipvlan, and the container sends there from its address on that network.',
  source: 'Docker documentation, "Macvlan network driver"; Linux: drivers/net/macvlan.c',
  remedy:
    'Give the host its own macvlan interface on the same parent, through which the two reach each other: ip link add mac0 link PARENT type macvlan mode bridge; ip addr add FREE-ADDRESS/32 dev mac0; ip link set mac0 up; ip route add CONTAINER-ADDRESS/32 dev mac0. Or connect the container to a bridge network as well, and use the address of the host there.',
  explains: { depth: 245, subject: [...ALL_TRAFFIC, 'NT-ARP-002'] },
} as const;

const DRIVERS = new Set(['macvlan', 'ipvlan']);

/** The network by which the target sends to a DEST, where that is one of these. */
function networkOf({ input }: DockerFacts, { reach, address }: Tried): DockerNetwork | undefined {
  const source = nextHop(reach.value?.routes ?? [])?.source;
  return input.networks.find(
    ({ driver, addresses, subnets }) =>
      DRIVERS.has(driver) && isIn(subnets, address) && source !== undefined && addresses.includes(source),
  );
}

function judge(facts: DockerFacts, tried: Tried): Occurrence[] {
  const { host, input } = facts;
  const network = networkOf(facts, tried);
  if (!host || !network || tried.reach.value === undefined || isReached(tried)) return [];
  if (wayTo(host, tried.address) !== 'host') return [];
  const device = host.interfaces.find(({ addresses }) =>
    addresses.some(({ address }) => address === tried.address),
  )?.name;
  const on = network.parent ?? device;
  return [
    occurrence(
      meta,
      'critical',
      `"${input.container}" is on the ${network.driver} network ${network.name}${on === undefined ? '' : `, whose parent is ${on}`}, and ${tried.address} is an address of its own host: the kernel passes nothing between such an interface and its host.`,
      [
        {
          command: ['docker', 'network', 'inspect', network.name],
          excerpt: `Driver ${network.driver}${on === undefined ? '' : `, parent ${on}`}; ${network.subnets.join(', ')}`,
        },
        { command: [ON_HOST, 'ip', 'addr'], excerpt: `${device ?? '?'} ${tried.address}` },
      ],
      { subject: tried.destination.label },
    ),
  ];
}

export const parentsHost: Rule<DockerFacts> = {
  meta,
  judge: (facts) => facts.tried.flatMap((tried) => judge(facts, tried)),
};
