import { advice, kubectl, POD } from '../../../model/advice.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { FirewallFacts } from '../facts.ts';

const meta = {
  id: 'NT-PROXY-003',
  title: "A sidecar without the rules that lead the pod's traffic to it",
  severities: ['warning'],
  meaning:
    'The pod has the proxy of a service mesh, and no rule in its network leads anything to it: its containers talk past the proxy, in plain text and without its policies. Peers that demand mutual TLS reset their connections. The rules are made once, with the sandbox of the pod, by an init container or by the CNI plugin of the mesh: where that plugin was not there yet (as after a restart of the node), nobody makes them later.',
  rule: 'The pod has a container istio-proxy, linkerd-proxy or kuma-sidecar beside others, no annotation that says that the proxy intercepts nothing, a network of its own, and no rule that redirects in it (nft and both kinds of iptables were read).',
  source: 'Istio: "Istio CNI node agent", race condition and repair; Linkerd: CNI plugin',
  remedy: advice`Delete the pod, so that its sandbox and the rules are made anew (${kubectl`delete pod ${POD}`}). If others on the node are so too, look at the mesh's CNI plugin there: it has to be ready before pods start (Istio: repair of the CNI node agent).`,
  // Who demands mutual TLS takes the connection, and ends it at the first byte in plain text.
  explains: { depth: 833, target: ['NT-HTTP-001'] },
} as const;

export const noRedirect: Rule<FirewallFacts> = {
  meta,
  judge: ({ rules, sidecar }) => {
    if (sidecar === undefined || rules.value === undefined || rules.value.redirects > 0) return [];
    const { nft, legacy } = rules.value.quotes;
    return [
      occurrence(
        meta,
        'warning',
        `The pod has the proxy of a service mesh (container ${sidecar}), and no rule in its network leads anything to it: what its containers send and get passes the proxy by.`,
        [
          {
            command: (nft ?? legacy)?.command ?? ['nft', 'list', 'ruleset'],
            excerpt: 'no rule with REDIRECT, DNAT to itself or TPROXY',
          },
        ],
      ),
    ];
  },
};
