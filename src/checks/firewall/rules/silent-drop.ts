import { type Advice, advice, kubectl, NODE, nettools, TARGET, verbatim } from '../../../model/advice.ts';
import { socketAddress } from '../../../model/socket-address.ts';
import type { FilterRule } from '../../../parsers/filter-rules.ts';
import { growth } from '../../../parsers/proc-net.ts';
import { removeRule } from '../../shared/remove-rule.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { FirewallFacts, PathFacts } from '../facts.ts';
import { isLedHere, wayClause } from '../marked-way.ts';
import { inVainClause } from '../other-ways.ts';
import { nameOf, quoteGrown, quoteReach, quoteSocket, seen } from '../path.ts';
import { policyClause } from '../policy-answer.ts';
import { healthClause } from '../published-ways.ts';

const meta = {
  id: 'NT-FW-001',
  title: 'Dropped in silence on the way',
  severities: ['critical'],
  meaning:
    'What was sent left the target, and nothing came back: no answer, no refusal, no ICMP error. A firewall, a NetworkPolicy, a security group or a host that is down takes the packets, or the answers to them. A server whose accept queue is full looks the same: its kernel drops what would open a connection.',
  rule: 'A TCP connect (or a DNS or NTP question) to a destination that was asked for gets no answer within 3.6 s; the kernel has sent it again (TCPSynRetrans grows) without failing to (TCPRetransFail does not), the neighbour answers, and no ICMP error came.',
  source:
    'kernel: Documentation/networking/snmp_counter.rst; 3.6 s: longer than the 3 s after which a silent neighbour becomes an error',
  remedy: advice`Look where packets are filtered, from here outwards: the NetworkPolicies of both namespaces (${kubectl`get networkpolicy`}), the policies of the CNI plugin, the firewalls of both nodes (nft list ruleset, with counters), then security groups. Run the same check from a pod on the node of the destination: where it works, the filter lies between the nodes. See that the server accepts (${verbatim`kubectl nettools sockets`} with its pod as the TARGET). Where it answers (tcpdump there shows the same SYN-ACK again and again), the answers take another way and are dropped on it: ${verbatim`kubectl nettools conntrack`} of the node that they pass says so while it happens (NT-CT-008).`,
  explains: { depth: 810, subject: ['NT-LAT', 'NT-TLS'] },
  remedyOutside:
    'Look where packets are filtered, from here outwards: the firewalls of this machine, of those on the way and of the destination (nft list ruleset, with counters; iptables-save -c), then security groups. Run the same check closer to the destination: where it works, the filter lies before. Where the server answers (tcpdump there shows the same SYN-ACK again and again), the answers take another way and are dropped on it: the conntrack check on the router that they pass says so while it happens (NT-CT-008).',
} as const;

function errorsText({ capture, counters, expiredAt, objectors }: FirewallFacts): string {
  if (expiredAt.length > 0)
    return `no error said that it is unreachable, but ${expiredAt.slice(0, 2).join(' and ')} said that the time to live of packets had expired`;
  if (objectors.length > 0)
    return `no error said that it is unreachable, but ${objectors.slice(0, 2).join(' and ')} said that a header of a packet is wrong (ICMP parameter problem)`;
  if (capture.value) return 'nobody sent an error';
  const counted = growth(counters.before, counters.after, 'Icmp.InDestUnreachs') ?? 0;
  return counted > 0
    ? `${counted} ICMP ${counted === 1 ? 'error' : 'errors'} came meanwhile, of whom and about what could not be seen`
    : 'nobody sent an error that could be seen';
}

/** The metadata services of clouds, IPv4 and AWS' IPv6 one. */
const METADATA = new Set(['169.254.169.254', 'fd00:ec2::254']);

/** An answer that lives for one hop gets to the node, and not on to a pod. */
function hopText({ address }: PathFacts): string {
  return METADATA.has(address)
    ? "; it is the address of a cloud's metadata service, whose answers may live for one hop only (on AWS the hop limit of IMDSv2), which ends them on the node of a pod"
    : '';
}

/** A rule of the target that takes the answers, as far as it can be read; one that counts has told by its counter. */
function takerOfAnswers({ suspects }: PathFacts): FilterRule | undefined {
  return suspects.find(({ hook, isUnderstood, maySpare }) => hook === 'input' && isUnderstood && !maySpare);
}

/** A host outside of the cluster, as far as the API says, to which a pod's node sends on what the pod does. */
function isBeyondNode(path: PathFacts): boolean {
  const { destination, address, hop, policy, published, hostPort, podRange, suspects } = path;
  const { inCluster, service, ref, pod, protocol } = destination;
  const isNamed = service !== undefined || ref !== undefined || pod !== undefined;
  const isKnown = published !== undefined || hostPort !== undefined || podRange !== undefined;
  const isFiltered = policy.verdict === 'denied' || suspects.length > 0;
  return (
    protocol === 'tcp' &&
    !inCluster &&
    !isNamed &&
    !isKnown &&
    !isFiltered &&
    hop?.viaGateway === true &&
    !METADATA.has(address) &&
    policy.backends.every(({ backend }) => !backend)
  );
}

/** What decides, and a pod does not see. */
function nodeClause(path: PathFacts, { isNodeUnseen }: FirewallFacts): string {
  return isNodeUnseen && isBeyondNode(path)
    ? "; not measured: with which address it leaves the pod's node (masqueraded or not), and whether the node itself is answered (--deep shows both)"
    : '';
}

/** With the command for the pod that should answer, where it is known. */
function remedyFor(path: PathFacts, facts: FirewallFacts): Advice {
  const { policy, address } = path;
  const rule = takerOfAnswers(path);
  const removal = rule && removeRule(rule);
  if (removal !== undefined) return removal;
  if (METADATA.has(address))
    return advice`Ask from the node, where the answer gets to: ${nettools`firewall ${NODE} --to ${address}:80`}\nIf it comes there, raise the hop limit of the instances to 2 (aws ec2 modify-instance-metadata-options --http-put-response-hop-limit 2), or give the pods their rights otherwise (IRSA, EKS Pod Identity, Workload Identity). Some clusters keep pods from it on purpose.`;
  if (path.published?.by === 'health check')
    return advice`Let the load balancer's addresses in to that port in the firewall of the node itself (INPUT; ufw, firewalld), on every node: the port is the Service's healthCheckNodePort and stays as long as the Service does. From the node it answers (200 with an endpoint there, 503 without): ${verbatim`curl -si http://localhost:${path.port}/healthz`}.`;
  const pod = policy.backends[0]?.backend?.pod;
  if (linkClause(path) !== '')
    return advice`On the host that answers there, run the tool, which reads the rules of its firewall (NT-FW-002 names one that takes its answers), and see that the server accepts:\n${verbatim`kubectl nettools firewall local --to ${socketAddress(address, path.port)}`}\n${verbatim`kubectl nettools sockets local`}`;
  if (!pod)
    return nodeClause(path, facts) === ''
      ? meta.remedy
      : advice`Look first at what leaves the pod's node, with the node's own probe beside it: the command below does (it makes a pod there and removes it), and where nobody masquerades it says so (NT-CT-009). Else: ${meta.remedy}\n${nettools`firewall ${TARGET} --deep --to ${socketAddress(path.destination.host, path.port)}`}`;
  const sockets = nettools`sockets ${pod.name} -n ${pod.namespace}`;
  const { ref } = path.destination;
  const to = ref && `${ref.kind === 'pod' ? 'pod' : 'svc'}/${ref.name}.${ref.namespace}:${path.port}`;
  return to === undefined
    ? advice`${meta.remedy}\n${sockets}`
    : advice`${meta.remedy} What lies between the two, routes of the nodes too, the target cannot see; the nodes can.\n${nettools`firewall ${TARGET} --deep --to ${to}`}\n${sockets}`;
}

function takerClause(path: PathFacts): string {
  const rule = takerOfAnswers(path);
  return rule === undefined
    ? ''
    : `; a rule of the target's own fits the answers and counts nothing: ${rule.text}`;
}

/** Nobody is between the two: who answers ARP has the packets, or another host has its MAC address. */
function linkClause({ hop, neighbour, policy, destination, suspects }: PathFacts): string {
  const isThere = neighbour?.state === 'REACHABLE' && neighbour.mac !== undefined;
  const isPlain = destination.service === undefined && policy.backends.every(({ backend }) => !backend);
  if (!hop || hop.viaGateway || !isThere || !isPlain || suspects.length > 0) return '';
  return `; it is on the target's own link (${hop.device}), where ${neighbour.mac} answers for it now, so no router is between them: the firewall of that host takes the packets or the answers, a bridge between the two filters, or that host is not the one that is meant${vrrpText(neighbour.mac)}`;
}

/** The MAC address of a virtual router: RFC 5798, 7.3. */
function vrrpText(mac: string): string {
  const id = /^00:00:5e:00:01:([0-9a-f]{2})$/.exec(mac)?.[1];
  return id === undefined
    ? ''
    : ` (it is the MAC address of VRRP router ${Number.parseInt(id, 16)}: the address is a virtual one, and keepalived's strict mode, vrrp_strict, drops what is sent to such)`;
}

export const silentDrop: Rule<FirewallFacts> = {
  meta,
  judge: (facts) =>
    facts.paths
      .filter((path) => path.cause.kind === 'dropped' && !isLedHere(path))
      .map((path) =>
        occurrence(
          meta,
          'critical',
          `${nameOf(path)} was silent: ${seen(path)}, and ${errorsText(facts)}${takerClause(path)}${wayClause(path)}${policyClause(path.policy, facts.words)}${linkClause(path)}${inVainClause(path.otherWays)}${hopText(path)}${healthClause(path)}${nodeClause(path, facts)}.`,
          [
            ...quoteReach(path),
            ...quoteSocket(path, facts),
            ...quoteGrown(facts, ['TcpExt.TCPSynRetrans', 'TcpExt.TCPRetransFail']),
          ],
          { subject: path.destination.label, remediation: remedyFor(path, facts) },
        ),
      ),
};
