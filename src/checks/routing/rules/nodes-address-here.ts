import { advice, kubectl } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { sameAddress } from '../../../parsers/ip-prefix.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { RoutingFacts } from '../facts.ts';

const meta = {
  id: 'NT-RT-013',
  title: "Another node's address is one of this node's own",
  severities: ['critical'],
  meaning:
    "An interface of this node has the address of another node. Whatever the node and its pods send to that node stays here: its kubelet, its pods behind it and what listens on it are refused or silent, while from other machines it works. kube-proxy in IPVS mode makes this of a Service whose externalIPs or whose load balancer's address is a node's: it puts each such address on kube-ipvs0 of every node.",
  rule: "In a node's own network namespace, an address that the API has for another node and not for this one is on one of the interfaces.",
  source: 'kubernetes/kubernetes#127410; kube-proxy, IPVS mode: external addresses are bound to kube-ipvs0',
  remedy: advice`Take the address out of the Service that has it (${kubectl`get services -A -o wide`}: EXTERNAL-IP), or off the interface (ip addr del). A Service is reached at a node's own address by its NodePort.`,
  explains: { depth: 505, target: [...ALL_TRAFFIC, 'NT-SOCK-001'] },
} as const;

export const nodesAddressHere: Rule<RoutingFacts> = {
  meta,
  judge: ({ pod, cluster, interfaces, results }): Occurrence[] => {
    if (!pod.hostNetwork || !cluster || !interfaces) return [];
    return cluster.others.flatMap(({ name, addresses }) =>
      addresses
        .filter((address) => !pod.addresses.some((own) => sameAddress(own, address)))
        .flatMap((address): Occurrence[] => {
          const device = interfaces.find((one) =>
            one.addresses.some((own) => sameAddress(own.address, address)),
          )?.name;
          if (device === undefined) return [];
          const by = device === 'kube-ipvs0' ? ' (kube-proxy puts addresses of Services there)' : '';
          return [
            occurrence(
              meta,
              'critical',
              `${address} is an address of ${name}, and ${device} of this node has it too${by}: what is sent to ${name} from here never leaves.`,
              results.interfaces
                ? [{ command: results.interfaces.command, excerpt: `${device} ${address}` }]
                : [],
              { subject: name },
            ),
          ];
        }),
    );
  },
};
