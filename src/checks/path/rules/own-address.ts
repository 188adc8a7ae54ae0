import { advice, NODE, nettools, withNode } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import type { Quote } from '../../../model/report.ts';
import { LOST_PACKETS } from '../../shared/effects.ts';
import { quoteTries } from '../../shared/reach-probe.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { Exit, PathFacts, PathsFacts } from '../facts.ts';
import { endOf } from '../story.ts';

const meta = {
  id: 'NT-CT-009',
  title: 'Nobody masquerades what a pod sends out of the cluster, and only its node is answered',
  severities: ['critical'],
  meaning:
    "Nobody on the node puts an address of the node in the place of the pod's (masquerading, SNAT). Where the network around the cluster does not know the pods' addresses, answers to them go nowhere: pods reach nothing outside, and the node reaches all of it. Where it does know them (the pod network of a cloud, BGP), pods rightly send with their own, and then the host or a firewall before it takes the node's address and not the pod's.",
  rule: "With --deep, of a pod and a TCP DEST outside of the cluster: the probe is sent twice or more and gets no answer, each SYN of it is seen leaving the pod's node with the pod's own address, and neither an answer nor a refusal comes in there; the node's own connection to the same address and port, afterwards, leaves by the same interface with another address and is answered.",
  source:
    'packet(7): a capture sees what leaves after netfilter and tc; Kubernetes: IP Masquerade Agent User Guide; Calico: outgoing NAT; RFC 9293, section 3.4, for the tag',
  remedy: advice`Where the addresses of pods are meant to stay within the cluster, have them masqueraded: natOutgoing of Calico's IPPool, --ip-masq of flannel, ipMasq of the bridge plugin, enable-ipv4-masquerade of Cilium, --enable-pod-egress of kube-router, AWS_VPC_K8S_CNI_EXTERNALSNAT=false; and see that DEST is not in a range that is excepted (nonMasqueradeCIDRs of ip-masq-agent, ipv4-native-routing-cidr of Cilium, AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS). Where pods of other nodes reach it, the rules of this node are gone (a firewall that was reloaded flushes them): restart the network plugin's agent there, which writes them again. Where pods are routed, the network of DEST needs the route to their range, and its firewalls have to take it. The rules of the node:\n${nettools`run ${NODE} -- nft list ruleset`}`,
  explains: { depth: 775, subject: LOST_PACKETS },
} as const;

/** One packet may be lost by chance, and one that is sent again within the time of the probe is not. */
const LEAST_PACKETS = 2;

function found(path: PathFacts, exit: Exit): Occurrence[] {
  const { place, device, source, isForeign, isOwnAddress, packets, answered } = exit;
  if (
    !isForeign ||
    !isOwnAddress ||
    packets < LEAST_PACKETS ||
    path.reach.value?.tries.at(-1)?.outcome !== 'unanswered'
  )
    return [];
  // By another interface, a tunnel to an egress gateway say, it takes another way, on which it may be translated yet.
  if (answered === undefined || answered.device !== device || answered.source === source) return [];
  const node = place.place.label;
  return [
    occurrence(
      meta,
      'critical',
      `What the pod sends to ${endOf(path)} leaves ${node} by ${device} with the pod's own address ${source}, which nobody masquerades there, and gets no answer (${packets} packets); what ${node} sends there itself, from ${answered.source}, is answered: beyond the node nobody knows the way back to ${source}, or a firewall takes the node's address alone.`,
      [quoteLine(exit, exit.line), quoteLine(exit, answered.line), ...quoteTries(path.reachResult, 2)],
      { subject: path.destination.label, remediation: withNode(meta.remedy, node) },
    ),
  ];
}

function quoteLine({ place }: Exit, line: string): Quote {
  return { command: [`[${place.place.label}]`, ...(place.seen?.command ?? [])], excerpt: line };
}

export const ownAddress: Rule<PathsFacts> = {
  meta,
  judge: ({ paths }) => paths.flatMap((path) => (path.exit === undefined ? [] : found(path, path.exit))),
};
