import { advice, kubectl } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { FirewallFacts, PathFacts } from '../facts.ts';
import { nameOf, quoteIcmp, quoteReach, seen } from '../path.ts';

const meta = {
  id: 'NT-RT-025',
  title: "A pod's address is in none of its node's ranges",
  severities: ['critical'],
  meaning:
    "Every node leads the range of another one's pods to that node. An address outside of it is led elsewhere: only pods of the same node, and the node, get to this pod. The container runtime takes the first file of /etc/cni/net.d by its name: one that another program has left there (100-crio-bridge.conflist, 87-podman-bridge.conflist, 10-containerd-net.conflist), or a range that a file names itself, gives pods addresses that the cluster knows nothing of.",
  rule: "The DEST is a pod, or an endpoint of a Service, with a network of its own on another node than the target's, its address (API) is in none of spec.podCIDRs of its node, and the connection gets no answer, or somebody on the way has no route or finds no such host. Only where these ranges are shown to be used: all pods of the target's node are in theirs, and of the pod's own node another pod is, or flannel or the cloud's routes are by spec.podCIDRs (flannel.alpha.coreos.com/kube-subnet-manager, RouteCreated). Nothing where a node names a plugin with ranges of its own (Calico, Cilium, Weave, OVN).",
  source: 'cri-o/cri-o#2411; flannel-io/flannel#1437; m-lab/k8s-support#111; cloudnativelabs/kube-router#537',
  remedy:
    "On the pod's node: see the files of /etc/cni/net.d by their names, the first one is used. Move the one that is not the network plugin's to another folder, or mend the range in the plugin's own (a range that is written there by hand has to be the node's). Then delete the pods with addresses outside of the range, so that they get new ones.",
  explains: {
    depth: 635,
    subject: [
      'NT-ARP-002',
      'NT-FW-001',
      'NT-FW-003',
      'NT-FW-009',
      'NT-LAT',
      'NT-TLS',
      'NT-HTTP',
      'NT-RT-007',
      'NT-SVC-007',
      'NT-PATH',
    ],
  },
} as const;

const LOST: ReadonlySet<string> = new Set(['dropped', 'no-host-there', 'no-route-there']);

function judge(path: PathFacts, facts: FirewallFacts): Occurrence[] {
  const { stray, cause, destination, hits } = path;
  // What a rule has counted is the cause, wherever the address lies.
  if (stray === undefined || !LOST.has(cause.kind) || hits.length > 0) return [];
  const { pod, node, ranges, inRangeOf, shownBy } = stray;
  const [namespace, name] = pod.split('/') as [string, string];
  const whither =
    inRangeOf === undefined
      ? `in no node's, so no other node has a route to it`
      : `but in that of ${inRangeOf}, to which packets are led`;
  return [
    occurrence(
      meta,
      'critical',
      `${nameOf(path)} has an address outside of its node's pod range: ${node} has ${ranges.join(', ')}, and the address is ${whither}: ${seen(path)}. Other pods are in theirs (${shownBy}). Probably another file of /etc/cni/net.d on ${node} comes first by its name.`,
      [
        quoteApi(kubectl`get node ${node} -o jsonpath={.spec.podCIDRs}`, ranges.join(', ')),
        quoteApi(kubectl`get pod -n ${namespace} ${name} -o jsonpath={.status.podIP}`, stray.address),
        ...quoteIcmp(path, facts),
        ...quoteReach(path),
      ],
      {
        subject: destination.label,
        remediation: advice`${meta.remedy}\n${kubectl`get pods -A -o wide --field-selector spec.nodeName=${node}`}`,
      },
    ),
  ];
}

export const strayPod: Rule<FirewallFacts> = {
  meta,
  judge: (facts) => facts.paths.flatMap((path) => judge(path, facts)),
};
