import { advice, kubectl, POD } from '../../../model/advice.ts';
import { sameAddress } from '../../../parsers/ip-prefix.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { RoutingFacts } from '../facts.ts';

const meta = {
  id: 'NT-RT-012',
  title: "The target's own address is on none of its interfaces",
  severities: ['critical'],
  meaning:
    'Kubernetes (or the engine) says which address the target has, and in its network there is none: the interface is gone, or its address. Nothing that is sent to it arrives, and whatever it sends has no way out. The network was set up by halves, as where the kubelet or the engine was restarted in between, or somebody has taken it apart.',
  rule: "Of the addresses that the API or the engine names, none is on an interface of the target. Not in a node's own network, nor where a virtual machine has it (a tap).",
  source: 'ours; status.podIPs of the API, ip addr in the target',
  remedy: advice`The network of a pod is made with its sandbox, and nobody makes it again: delete the pod (${kubectl`delete pod ${POD}`}). If others on the node are so too, see the logs of the kubelet and of the CNI plugin there.`,
  explains: { depth: 320, target: [...ALL_TRAFFIC, 'NT-RT-001', 'NT-RT-005', 'NT-ARP'] },
  remedyOutside:
    'The engine sets the network up when the container starts: restart it. If that does not help, see what takes the address away (a network manager that takes care of veth interfaces).',
} as const;

export const noPodAddress: Rule<RoutingFacts> = {
  meta,
  judge: ({ pod, interfaces, results }) => {
    if (pod.hostNetwork || pod.addresses.length === 0 || interfaces === undefined) return [];
    // The address of a virtual machine in the pod is in the machine, behind a tap of the pod.
    if (interfaces.some(({ kind }) => kind === 'tun')) return [];
    // A namespace that shows not even its loopback was not seen.
    if (interfaces.length === 0) return [];
    const all = interfaces.flatMap(({ addresses }) => addresses.map(({ address }) => address));
    if (pod.addresses.some((own) => all.some((one) => sameAddress(own, one)))) return [];
    const others = interfaces.filter(({ name }) => name !== 'lo');
    const seen =
      others.length === 0
        ? 'it has no interface but its loopback'
        : others
            .map(({ name, addresses }) =>
              addresses.length === 0
                ? `${name} has no address`
                : `${name} has ${addresses.map(({ address }) => address).join(' and ')}`,
            )
            .slice(0, 3)
            .join(', ');
    return [
      occurrence(
        meta,
        'critical',
        `The target should have ${pod.addresses.join(' and ')}, and none of its interfaces has it: ${seen}.`,
        [
          {
            command: results.interfaces?.command ?? [],
            excerpt: interfaces
              .map(
                ({ name, addresses }) =>
                  `${name} ${addresses.map(({ address }) => address).join(' ') || '-'}`,
              )
              .join('\n')
              .slice(0, 600),
          },
        ],
      ),
    ];
  },
};
