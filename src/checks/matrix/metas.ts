/** What the patterns of a matrix mean. Pure. */
import { advice, nettools } from '../../model/advice.ts';
import type { FindingMeta } from '../../model/finding.ts';

const SHARE =
  'At least 85 % of the pairs that the pattern names fail, or all but one of five or more (ours), and it explains more of what fails than any other';

const seeBothEnds = advice`Look at both ends of one of the pairs at the same time; a NetworkPolicy that keeps them apart on purpose shows there too:
${nettools`diagnose pod/SOURCE --to pod/DESTINATION --both-ends`}`;

function meta(
  one: Pick<FindingMeta, 'id' | 'title' | 'meaning' | 'rule'> & Partial<FindingMeta>,
): FindingMeta {
  return { severities: ['critical'], source: 'ours', remedy: seeBothEnds, ...one };
}

export const RECEIVING = meta({
  id: 'NT-MTX-001',
  title: 'One place is not reached from anywhere',
  meaning:
    'Connections to one pod, one node or one Service fail, wherever they come from, and those between others do not: what is wrong is where they end. Firewalls keep the answers of connections that a place opens itself, so it may reach others all the same.',
  rule: `Nothing that was sent to it was answered, from at least two sources. ${SHARE}.`,
});

export const SENDING = meta({
  id: 'NT-MTX-002',
  title: 'One place reaches nothing',
  meaning:
    'Whatever one pod or the pods of one node open fails, wherever it goes, and what others open does not: what is wrong is where it begins.',
  rule: `Nothing that it sent was answered, by at least two destinations. ${SHARE}.`,
});

export const CUT_OFF = meta({
  id: 'NT-MTX-003',
  title: 'One place is cut off',
  meaning:
    'One pod or one node reaches nothing and is reached by nothing. A loss in one direction alone, of every packet, looks the same: questions or answers are missing either way.',
  rule: `Both of NT-MTX-001 and NT-MTX-002 for one place. ${SHARE}.`,
});

export const PAIR = meta({
  id: 'NT-MTX-004',
  title: 'Nothing passes between two places',
  meaning:
    'Two pods, the pods of two nodes, or two zones do not reach each other, and each of them reaches others: what is wrong is on the way between just these two, as a route, a tunnel, or a rule that names both.',
  rule: `Nothing that was sent between them was answered, in both directions or in the one that was measured. ${SHARE}.`,
});

export const ONE_WAY = meta({
  id: 'NT-MTX-005',
  title: 'One direction only',
  meaning:
    'What one place opens to another fails, and what the other one opens to it works. Packets pass both ways, as answers do: so it is a rule that looks at who begins, as of a stateful firewall or a NetworkPolicy.',
  rule: `Nothing that was sent in one direction was answered, and all that was sent in the other one was. ${SHARE}.`,
});

export const OVERLAY = meta({
  id: 'NT-MTX-006',
  title: 'Nothing passes between nodes, and within them it does',
  meaning:
    'Pods reach those on their own node and none on another one. Where the nodes themselves reach each other, it is what carries packets of pods between nodes: the tunnel of the network plugin (VXLAN, Geneve, WireGuard, IP in IP), or routes to the ranges of pods.',
  rule: `Pairs of pods on two nodes fail, and pairs on one node, or pairs of nodes, do not. ${SHARE}.`,
  remedy: advice`See whether the nodes let through what carries packets of pods (VXLAN: UDP 4789 or 8472; Geneve: UDP 6081; WireGuard: UDP 51820; IP in IP: protocol 4), and whether each node has routes to the ranges of the others:
${nettools`routing --all-nodes`}`,
});

export const PROTOCOL = meta({
  id: 'NT-MTX-007',
  title: 'One protocol only',
  severities: ['critical', 'info'],
  meaning:
    'Of TCP, UDP and ICMP one does not pass where another does. So the way is there, and a rule on it looks at protocols or ports: a security group that allows TCP alone, a NetworkPolicy that names a port, a firewall that drops echo requests.',
  rule: `A protocol got no answer where another one did. A refusal is an answer, but for a port that others connect to. Echo requests alone are an info: many firewalls drop them on purpose. ${SHARE}.`,
});

export const SIZE = meta({
  id: 'NT-MTX-008',
  title: 'Large packets do not pass',
  meaning:
    'Small packets are answered, and one as large as the source may send is not. Connections open and stall once they carry data.',
  rule: `An echo request of the size of the MTU of the way out, with fragmentation forbidden, is not answered, and a small one is. ${SHARE}.`,
  source: 'RFC 4821, 1: black hole',
  remedy: advice`Make the MTU of the pods as small as what carries their packets allows. What the size is, and where it is lost:
${nettools`mtu pod/SOURCE --to pod/DESTINATION`}`,
});

export const FAMILY = meta({
  id: 'NT-MTX-009',
  title: 'One family of addresses only',
  meaning:
    'Of IPv4 and IPv6 one gets no answer where the other one does. Programs that try it first wait before they take the other one, and some never do.',
  rule: `Both ends have addresses of both families, and nothing is answered by one of them. ${SHARE}.`,
});

export const DNS_DIFFERS = meta({
  id: 'NT-MTX-010',
  title: 'Sources get no answer from their name server',
  meaning:
    'Some of the sources get no answer from their name server. Where others do, and these are the pods of one node, what is wrong is that node’s own way to the name servers: its translation of the address of their Service, or its way to the pods behind it.',
  rule: `A question to the first name server of /etc/resolv.conf was not answered in three tries, in a source that reaches others. ${SHARE}.`,
  remedy: advice`Look at it from one of the sources:
${nettools`dns pod/SOURCE`}`,
});

export const SERVICE_DIFFERS = meta({
  id: 'NT-MTX-011',
  title: 'A Service takes no connections from part of the sources',
  meaning:
    'The address of a Service takes connections from some of the sources and not from others. Each node translates these addresses by its own rules (kube-proxy, or what stands in its place): on this node they are old, or missing.',
  rule: `A connection to the address of a Service was not established, in a source that reaches others, and it was in another one. ${SHARE}.`,
  remedy: advice`Compare the rules of the node with the endpoints that the API knows, and see whether kube-proxy there runs:
${nettools`service pod/SOURCE --to svc/NAME`}`,
});

export const WORSE = meta({
  id: 'NT-MTX-012',
  title: 'Worse than between others',
  severities: ['critical', 'warning'],
  meaning:
    'Packets get through, but a share of them is lost, or their answers take far longer than those between other places of the same distance.',
  rule: 'Loss: at least 5 % of at least 50 echo requests (critical), or 3 of the 10 of one pair (warning). Delay: the fastest of 10 answers takes more than three times as long as the median of pairs of the same distance (same node, same zone, other), and 5 ms more (warning).',
  remedy: advice`Measure one of the pairs by itself, with more probes:
${nettools`latency pod/SOURCE --to pod/DESTINATION`}`,
});

export const NO_PATTERN = meta({
  id: 'NT-MTX-013',
  title: 'Pairs fail, and no place stands out',
  meaning:
    'Either nothing gets through at all, or what fails is spread over so many places that none of them, and no node or zone, explains it.',
  rule: 'All pairs fail, or more than three of those that no other pattern explains.',
});

export const MATRIX_METAS: readonly FindingMeta[] = [
  RECEIVING,
  SENDING,
  CUT_OFF,
  PAIR,
  ONE_WAY,
  OVERLAY,
  PROTOCOL,
  SIZE,
  FAMILY,
  DNS_DIFFERS,
  SERVICE_DIFFERS,
  WORSE,
  NO_PATTERN,
];
