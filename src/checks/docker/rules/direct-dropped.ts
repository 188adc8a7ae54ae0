import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerFacts } from '../facts.ts';
import { directStop, quoteStop, stopText } from '../passage.ts';

const meta = {
  id: 'NT-DKR-017',
  title: "The Docker host drops packets routed directly to a container's address",
  severities: ['warning', 'info'],
  meaning:
    "Other machines with a route to the container's own address (a VPN, a WireGuard mesh, a subnet router) do not reach it: a rule in the raw table drops their packets before any other rule applies, including those in DOCKER-USER. Since version 28, Docker writes such a rule for each container. Published ports are not affected, and the address of the bridge itself answers.",
  rule: 'On the host, a packet from another machine to an address of the container certainly ends at a rule of raw PREROUTING (iptables, both kinds): info; if the rule counted packets during the run: warning.',
  source: 'Docker documentation, "Packet filtering and firewalls" (direct routing), since Docker 28',
  remedy:
    'Publish the port and connect to the address of the host. If containers should be reachable at their own addresses, create the network with gateway_mode_ipv4=nat-unprotected or routed (com.docker.network.bridge.gateway_mode_ipv4), trust the interface they come from (com.docker.network.bridge.trusted_host_interfaces), or allow it for all networks ("allow-direct-routing": true in daemon.json).',
} as const;

export const directDropped: Rule<DockerFacts> = {
  meta,
  judge: ({ host, links, input }) =>
    links.flatMap((link) => {
      const stop = host && directStop(host, link);
      if (!stop) return [];
      return [
        occurrence(
          meta,
          stop.packets > 0 ? 'warning' : 'info',
          `Other machines do not reach "${input.container}" at its own address ${link.address} (network ${link.network.name}): on the Docker host, ${stopText(stop)}.`,
          [quoteStop(stop)],
        ),
      ];
    }),
};
