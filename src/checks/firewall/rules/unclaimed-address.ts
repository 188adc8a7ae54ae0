import { advice, kubectl } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { FirewallFacts, PathFacts } from '../facts.ts';
import { nameOf, quoteReach, seen } from '../path.ts';
import { wayText } from '../published-ways.ts';

const meta = {
  id: 'NT-SVC-015',
  title: "A Service's address, and nobody takes it",
  severities: ['critical'],
  meaning:
    "The address is one that the API has for a Service (its load balancer's, an external IP), and no host answers for it on its link, or the Service has no port of that number. An address in a Service's status is a promise: something has to announce it on the network (MetalLB's speakers by ARP or BGP, kube-vip, a cloud's load balancer), and node-local rules take it only from packets that get to a node. Inside of the cluster kube-proxy takes it on the way, so that it works from pods and not from outside.",
  rule: 'The DEST is the load balancer\'s address or an external IP of a Service by the API, and the way there ends with a neighbour that does not answer (ARP, ND) or a router\'s "host unreachable", for a target outside of the cluster; or no port of the Service is the one that is asked for, and the connection fails. Of targets outside of a cluster, the cluster is asked that the flags name. It says whether all nodes have the label by which load balancers pass over them.',
  source: 'Kubernetes documentation, "Service", type LoadBalancer and externalIPs; RFC 826',
  remedy: advice`See who has to announce the address, and whether that runs on a node of this link: the Service's events and the log of the controller that gave the address (MetalLB: its speakers and an L2Advertisement or BGPAdvertisement of the pool).`,
  explains: {
    depth: 636,
    subject: ['NT-ARP', 'NT-FW', 'NT-PATH', 'NT-LAT', 'NT-TLS', 'NT-RT', 'NT-SOCK-001'],
  },
} as const;

const LABEL = 'node.kubernetes.io/exclude-from-external-load-balancers';
const LABELLED = kubectl`get nodes -l ${LABEL}`;

/** kubeadm and Talos put the label on control-plane nodes: a cluster of these alone has nobody to announce. */
function passedOver({ published }: PathFacts): string {
  const count = published?.passedOver;
  return count === undefined
    ? ''
    : `; ${count === 1 ? 'the only node has' : `all ${count} nodes have`} the label ${LABEL}, and whoever announces addresses (MetalLB from 0.14, cloud controllers) passes such nodes over`;
}

function judge(path: PathFacts): Occurrence[] {
  const { published, destination } = path;
  if (published === undefined || published.by === 'node port' || published.by === 'health check') return [];
  const why = published.otherPorts === undefined ? unannounced(path) : wrongPort(path);
  if (why === undefined) return [];
  const { namespace, name } = published;
  const hasPort = published.otherPorts === undefined;
  const show = kubectl`get service -n ${namespace} ${name} -o wide`;
  return [
    occurrence(
      meta,
      'critical',
      `${nameOf(path)} is ${wayText(published)}, and ${why}: ${seen(path)}${hasPort ? passedOver(path) : ''}.`,
      [
        quoteApi(show, `${destination.host} is ${wayText(published)}`),
        ...(published.passedOver === undefined ? [] : [quoteApi(LABELLED, `${published.passedOver} nodes`)]),
        ...quoteReach(path),
      ],
      {
        subject: destination.label,
        remediation: !hasPort
          ? advice`Ask for a port that the Service has, or give it this one.\n${show}`
          : published.passedOver !== undefined
            ? advice`Take the label off the nodes that may announce addresses, or tell the announcer to pass over it (MetalLB: --ignore-exclude-lb of the speakers).\n${kubectl`label nodes --all ${`${LABEL}-`}`}`
            : advice`${meta.remedy}\n${kubectl`describe service -n ${namespace} ${name}`}`,
      },
    ),
  ];
}

function unannounced({ published, cause, hop, neighbour }: PathFacts): string | undefined {
  if (published?.isOutside !== true || cause.kind === 'open') return undefined;
  // Whatever else was heard meanwhile: this is what the kernel knows of the address itself.
  const isLost = neighbour?.state === 'FAILED' || neighbour?.state === 'INCOMPLETE';
  if (hop?.viaGateway === false && isLost)
    return 'nobody announces it on this link: this machine asked for it, and no host answered';
  if (cause.kind === 'no-host-there')
    return `nobody announces it on its link: ${cause.sender ?? 'a router'} looked for it there and found no host`;
  return undefined;
}

function wrongPort({ published, cause, port }: PathFacts): string | undefined {
  if (cause.kind === 'open' || cause.kind === 'unmeasured' || cause.kind === 'stalled') return undefined;
  return `the Service has no port ${port}, so that nobody takes it there: it has ${published?.otherPorts?.join(', ')}`;
}

export const unclaimedAddress: Rule<FirewallFacts> = {
  meta,
  judge: ({ paths }) => paths.flatMap(judge),
};
