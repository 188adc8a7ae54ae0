import { advice, nettools, TARGET } from '../../../model/advice.ts';
import { fateOf, fateQuote, fateText } from '../../shared/answers.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { RoutingFacts } from '../facts.ts';

const meta = {
  id: 'NT-RT-018',
  title: "Answers to the kubelet's probes do not get back",
  severities: ['critical', 'warning'],
  meaning:
    "The kubelet connects to the pod from its node to see whether it lives and is ready. The pod's own network leads the answers elsewhere, as into the tunnel of a VPN sidecar, or a rule there (a kill switch) stops them: the program runs and listens, and its probes time out. The same is true for whoever else connects from there.",
  rule: "Of a container that is not ready, and whose probe is a connection: an answer from the pod's address and the probe's port to the kubelet (an address of the node, or the gateway of the pod's default routes, from which it asks where the pods are on a bridge) leaves by another interface than the one with the pod's address, or is certainly stopped in OUTPUT (iptables, both kinds). Critical if that is so for each of these addresses, else a warning. Where something there sets marks, or a rule asks for what is not known, nothing is said.",
  source:
    'ip-rule(8); wg-quick(8): table and suppress_prefixlength; Kubernetes documentation, "Configure Liveness, Readiness and Startup Probes"',
  remedy: advice`Lead answers past the tunnel and let them pass in the container that sets the VPN up: a rule for the pod's own address (ip rule add from ADDRESS lookup main priority 10), and iptables -I OUTPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT; images of VPN clients have a setting for networks that stay outside of the tunnel, which has to name the nodes' and the pods'.\n${nettools`run ${TARGET} -- ip rule show`}`,
} as const;

export const probeAnswers: Rule<RoutingFacts> = {
  meta,
  judge: ({ probed, answers, pod, routes = [] }) => {
    const address = pod.addresses.find((one) => !one.includes(':'));
    if (probed === undefined || answers === undefined || address === undefined) return [];
    const gateways = routes
      .filter(
        ({ table, destination, family }) => table === 'main' && family === 'inet' && destination.length === 0,
      )
      .flatMap((route) => route.gateways);
    const clients = [...new Set([...probed.node.filter((one) => !one.includes(':')), ...gateways])];
    return probed.ports.slice(0, 1).flatMap(({ container, port }) => {
      const fates = clients.map((client) => ({
        client,
        fate: fateOf(answers, { client, address, port, protocol: 'tcp' }),
      }));
      const lost = fates.flatMap(({ client, fate }) => (fate === undefined ? [] : [{ client, fate }]));
      const [first] = lost;
      if (first === undefined) return [];
      return [
        occurrence(
          meta,
          lost.length === fates.length ? 'critical' : 'warning',
          `Container ${container} is not ready, and what it answers the kubelet's probe of port ${port} (${lost.map(({ client }) => client).join(', ')}) ${fateText(first.fate)}.`,
          [fateQuote(first.fate)],
        ),
      ];
    });
  },
};
