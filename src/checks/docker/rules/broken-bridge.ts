import type { Interface } from '../../../parsers/ip-addr.ts';
import { parsePrefix } from '../../../parsers/ip-prefix.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerFacts, DockerHost, DockerNetwork } from '../facts.ts';
import { onHost, reachesOutside } from '../passage.ts';

const meta = {
  id: 'NT-DKR-036',
  title: "The host's end of the network is not as Docker made it",
  severities: ['critical'],
  meaning:
    "A bridge network has a bridge on the Docker host, which has the address of the network's gateway and into which the host's end of each container's interface is plugged. Docker makes this when the network and the container start, and does not look again. Somebody else has changed it since: systemd-networkd or NetworkManager, which take every interface for theirs and give it what their own configuration says, a restart of the network service, a script; or the bridge has a spanning tree (STP), which passes nothing through a new port for twice its forward delay, 30 s by default.",
  rule: "On the host, the bridge of one of the container's networks is missing or down; it has no IPv4 address, though the network has an IPv4 gateway and was not made without one (inhibit_ipv4, gateway_mode_ipv4=isolated), and no DEST beyond the host was reached; or the host's end of the container's interface on that network, where that is up itself, the veth whose index is the other's and the other way round, is not a port of that bridge, is down, or is a port in another state than forwarding. Podman's bridges are not judged.",
  source:
    'Docker documentation, "Bridge network driver"; Linux: net/bridge/br_stp.c; moby/moby#40217; mniedermaier/CybICS#224; OpenNebula/one-deploy#290',
  remedy:
    "Start the container again (docker restart), which makes its end anew; of a bridge that is gone or has no address, restart Docker. Then let the network service of the host leave Docker's interfaces alone: NetworkManager: [keyfile] unmanaged-devices=interface-name:docker0;interface-name:br-*;interface-name:veth*; systemd-networkd: no [Match] of *, or a .network file for them with Unmanaged=yes in its [Link]; dhcpcd: denyinterfaces veth* br-* docker0.",
  explains: { depth: 204, target: [...ALL_TRAFFIC, 'NT-ARP', 'NT-DKR-014', 'NT-DKR-013'] },
} as const;

/** What is wrong, in words, and the line of `ip` that shows it. */
interface Defect {
  readonly says: string;
  readonly shown: string;
}

function lineOf({ name, flags, master, portState, addresses }: Interface): string {
  const own = addresses.flatMap(({ family, address, prefixLength }) =>
    family === 'inet' ? [`inet ${address}/${prefixLength}`] : [],
  );
  const port = master === undefined ? [] : [`master ${master}`];
  const state = portState === undefined ? [] : [`state ${portState}`];
  return [`${name}: <${flags.join(',')}>`, ...port, ...state, ...own].join(' ');
}

const isUp = ({ flags }: Interface): boolean => flags.includes('UP');

/**
 * The other end of the target's interface, where that is up itself: a port whose other end is down is disabled, and as Docker
 * made it. Each says the other's index, which are of two namespaces and may be anybody's else.
 */
function hostEnd(
  { ownInterfaces }: DockerFacts,
  host: DockerHost,
  network: DockerNetwork,
): Interface | undefined {
  const own = ownInterfaces?.find(({ addresses }) =>
    addresses.some(({ address }) => network.addresses.includes(address)),
  );
  if (own?.peerIndex === undefined || !isUp(own)) return undefined;
  return host.interfaces.find(({ index, peerIndex }) => index === own.peerIndex && peerIndex === own.index);
}

/** The first of what is wrong, which is what the rest follows from. */
function defectOf(facts: DockerFacts, host: DockerHost, network: DockerNetwork): Defect | undefined {
  const bridge = host.interfaces.find(({ name }) => name === network.bridge);
  if (!bridge)
    return { says: `the bridge ${network.bridge} is not there`, shown: `no interface ${network.bridge}` };
  if (!isUp(bridge)) return { says: `the bridge ${bridge.name} is down`, shown: lineOf(bridge) };
  const end = hostEnd(facts, host, network);
  if (end && end.master !== bridge.name)
    return {
      says: `${end.name}, the host's end of the container's interface, is ${end.master === undefined ? 'plugged into no bridge' : `a part of ${end.master}`} (it should be of ${bridge.name})`,
      shown: lineOf(end),
    };
  if (end && !isUp(end))
    return { says: `${end.name}, the host's end of the container's interface, is down`, shown: lineOf(end) };
  if (isWithoutAddress(facts, bridge, network))
    return {
      says: `the bridge ${bridge.name} has no IPv4 address (it should have that of the gateway, ${network.gateway})`,
      shown: lineOf(bridge),
    };
  if (end?.portState !== undefined && end.portState !== 'forwarding')
    return {
      says: `${end.name}, the port of the bridge ${bridge.name} that leads to the container, is ${end.portState}, and does not forward${end.portState === 'disabled' ? '' : ' yet: the bridge has a spanning tree (STP)'}`,
      shown: lineOf(end),
    };
  return undefined;
}

function isWithoutAddress(facts: DockerFacts, { addresses }: Interface, network: DockerNetwork): boolean {
  return (
    network.isBridgeBare !== true &&
    parsePrefix(network.gateway)?.family === 'inet' &&
    !addresses.some(({ family }) => family === 'inet') &&
    !reachesOutside(facts)
  );
}

export const brokenBridge: Rule<DockerFacts> = {
  meta,
  judge: (facts) => {
    const { host, input } = facts;
    if (!host) return [];
    return input.networks.flatMap((network) => {
      const defect = network.bridge === undefined ? undefined : defectOf(facts, host, network);
      if (defect === undefined) return [];
      return [
        occurrence(
          meta,
          'critical',
          `The Docker host's end of network ${network.name} is not as Docker made it: ${defect.says}.`,
          [onHost(['ip', '-d', 'addr', 'show'], defect.shown)],
        ),
      ];
    });
  },
};
