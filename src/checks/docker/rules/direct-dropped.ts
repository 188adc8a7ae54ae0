import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerFacts } from '../facts.ts';
import { directStop, quoteStop, stopText } from '../passage.ts';

const meta = {
  id: 'NT-DKR-017',
  title: "The Docker host drops what is routed straight to a container's address",
  severities: ['warning', 'info'],
  meaning:
    "Other machines that have a route to the container's own address (a VPN, a mesh of WireGuard, a subnet router) do not get to it: a rule in the raw table drops it before any other rule is asked, those of DOCKER-USER too. Docker writes such rules for each container since version 28. Published ports are not touched by it, and the address of the bridge itself answers.",
  rule: 'On the host, a packet from another machine to an address of the container certainly ends at a rule of raw PREROUTING (iptables, both kinds): info; where the rule counted packets during the run: warning.',
  source: 'Docker documentation, "Packet filtering and firewalls" (direct routing), since Docker 28',
  remedy:
    'Publish the port, and ask for it by the address of the host. Where containers are to be reached by their own addresses, make the network with gateway_mode_ipv4=nat-unprotected or routed (com.docker.network.bridge.gateway_mode_ipv4), name the interface that may (com.docker.network.bridge.trusted_host_interfaces), or allow it for all ("allow-direct-routing": true in daemon.json).',
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
          `Other machines do not get to "${input.container}" by its own address ${link.address} (network ${link.network.name}): on the Docker host, ${stopText(stop)}.`,
          [quoteStop(stop)],
        ),
      ];
    }),
};
