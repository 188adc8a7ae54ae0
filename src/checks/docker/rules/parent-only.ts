import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerFacts } from '../facts.ts';
import { onHost } from '../passage.ts';

const meta = {
  id: 'NT-DKR-034',
  title: 'The network takes packets of the host, and none of a container on macvlan',
  severities: ['critical'],
  meaning:
    "On a macvlan network each container has a MAC address of its own, behind an interface of the host. The switch, the hypervisor, the cloud or the access point that the interface is connected to takes or delivers frames for the interface's own MAC address alone: broadcasts get to the container, and nothing that is meant for it. VMware, VirtualBox, Hyper-V and clouds do so by default, WLAN always, switches with port security.",
  rule: "The network's driver is macvlan, its gateway answers echo requests of the host, which sends them by the network's parent itself, and none of the container, and after the probes the container's neighbour entry for it is INCOMPLETE, PROBE or FAILED: it was asked for (ARP), and no answer came.",
  source:
    'Docker documentation, "Macvlan network driver" (promiscuous mode); moby/moby#21735; docker/docs#15855; drivers/net/macvlan.c',
  remedy:
    'Let what the interface is connected to pass other MAC addresses: VMware port group: promiscuous mode, forged transmits and MAC changes on accept; VirtualBox: promiscuous mode "allow all"; Hyper-V: MAC address spoofing; a switch: its limit of MAC addresses per port. Where it cannot (WLAN, clouds), use an ipvlan network, whose containers have the host\'s MAC address, or a bridge network with published ports. ip link set PARENT promisc on helps only where it is the host\'s own interface that filters.',
  explains: { depth: 205, target: [...ALL_TRAFFIC, 'NT-ARP'] },
} as const;

/** STALE and DELAY are from before, and without any entry nothing was sent: these say nothing of what comes in. */
const UNHEARD = new Set(['FAILED', 'INCOMPLETE', 'PROBE']);

export const parentOnly: Rule<DockerFacts> = {
  meta,
  judge: ({ parentGateways, input }) =>
    parentGateways.flatMap(({ network, container, host, entry }) => {
      if (host !== true || container !== false || entry === undefined || !UNHEARD.has(entry.state)) return [];
      const { name, gateway, parent } = network;
      return [
        occurrence(
          meta,
          'critical',
          `The Docker host reaches ${gateway}, the gateway of the macvlan network ${name}, and "${input.container}" does not, though both send by the same interface${parent === undefined ? '' : ` (${parent})`}: what it is connected to (a hypervisor, a switch, an access point) passes no frames for the container's own MAC address.`,
          [
            onHost(['ping', '-n', '-c', '2', gateway], 'answers'),
            {
              command: ['ping', '-n', '-c', '2', gateway],
              excerpt: `no answer; its neighbour entry: ${entry.state}`,
            },
          ],
        ),
      ];
    }),
};
