import type { Occurrence } from '../../../model/finding.ts';
import type { TunnelWay } from '../../../parsers/tunnel-way.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerFacts, DockerNetwork } from '../facts.ts';
import { onHost } from '../passage.ts';
import { servedBy } from '../published.ts';

/** What VXLAN puts around a packet over IPv4 (RFC 7348). */
const VXLAN_BYTES = 50;

const meta = {
  id: 'NT-DKR-033',
  title: "The network between the hosts carries less than the overlay's packets",
  severities: ['warning'],
  meaning:
    "An overlay network puts each packet of a container into one of its tunnel to the other host, 50 bytes larger. The engine takes 1500 bytes for what the network between the hosts carries, and gives containers 1450. Where it carries less (another tunnel, a VPN, a cloud's network), small packets pass, and full ones are lost or go in fragments, which many networks drop: connections open and then hang, large answers never come. Containers of one host, and the hosts themselves, see nothing of it.",
  rule: "On the Docker host, echo requests of the full size of the overlay's tunnel (the network's option com.docker.network.driver.mtu, else 1500 bytes), with fragmentation forbidden, to another host of the overlay (its peers, as the engine names them, at most 4) got no answer three times, or were said to be too large, while small ones were answered.",
  source: 'moby: libnetwork, drivers/overlay (vxlanEncap, maxMTU); RFC 7348; RFC 1191',
  remedy:
    'Make the overlay anew with the size that the network between the hosts carries: docker network create --driver overlay --opt com.docker.network.driver.mtu=BYTES (for ingress and docker_gwbridge too), and the containers on it anew; or widen the network between the hosts.',
  explains: { depth: 937, target: ['NT-MTU', 'NT-LAT-003', 'NT-LAT-006', 'NT-TLS', 'NT-HTTP'] },
} as const;

interface Narrow {
  readonly network: DockerNetwork;
  readonly bytes: number;
  readonly peer: string;
  readonly way: TunnelWay;
}

function narrowOnes({ input, host }: DockerFacts): Narrow[] {
  return servedBy(input).networks.flatMap((network) => {
    const { peers = [], bytes = 0 } = network.tunnel ?? {};
    return peers.flatMap((peer): Narrow[] => {
      const way = host?.tunnelWays.get(peer)?.value;
      return way?.lost.includes(bytes) === true ? [{ network, bytes, peer, way }] : [];
    });
  });
}

/** What is carried, as far as it is known. */
function carried({ carries, lost, toldMtu }: TunnelWay): number | undefined {
  const least = lost.at(-1) ?? 0;
  return toldMtu !== undefined && toldMtu < least + 1 ? toldMtu : carries;
}

function judge(all: readonly Narrow[]): Occurrence[] {
  const [first, ...more] = all;
  if (first === undefined) return [];
  const { network, bytes, peer, way } = first;
  const size = carried(way);
  const teller =
    way.told === undefined
      ? 'nobody says so'
      : `says ${/^From (\S+?):? /.exec(way.told)?.[1] ?? 'the host itself'}`;
  const what = size === undefined ? 'does not carry that' : `carries ${size}`;
  const others = [...new Set(more.map((one) => one.peer).filter((one) => one !== peer))];
  const also = others.length === 0 ? '' : ` So it is with ${others.join(', ')}.`;
  const option = size === undefined ? 'BYTES' : String(size);
  return [
    occurrence(
      meta,
      'warning',
      `Overlay ${network.name} sends packets of up to ${bytes} bytes to ${peer}, another host of it (${VXLAN_BYTES} or more of them are the tunnel's own), and the network between the hosts ${what} (${teller}): larger ones are lost or go in fragments.${also}`,
      [
        onHost(
          ['ping', '-M', 'do', '-s', String(bytes - 28), peer],
          [
            ...way.lost.map((one) => `${one} bytes: no answer`),
            ...(way.carries === undefined ? [] : [`${way.carries} bytes: answered`]),
            ...(way.told === undefined ? [] : [way.told]),
          ].join('\n'),
        ),
      ],
      {
        remediation: `Make the overlay anew with what the network between the hosts carries, and the containers on it anew: docker network create --driver overlay --opt com.docker.network.driver.mtu=${option} (containers then get ${size === undefined ? 'BYTES - 50' : size - VXLAN_BYTES}). Or widen the network between the hosts, where it is meant to carry ${bytes}.`,
      },
    ),
  ];
}

export const narrowUnderlay: Rule<DockerFacts> = {
  meta,
  judge: (facts) => {
    const all = narrowOnes(facts);
    const names = [...new Set(all.map(({ network }) => network.name))];
    return names.flatMap((name) => judge(all.filter(({ network }) => network.name === name)));
  },
};
