/**
 * What the kernel's reasons mean. Their names come from the running kernel; here stands only what people make of them. One that is
 * not here is reported under the kernel's own name. Pure.
 */
import type { FindingMeta } from '../../model/finding.ts';

/** A kind of drop that somebody acts on in one way. */
export interface DropClass {
  readonly meta: FindingMeta;
  /** As `include/net/dropreason-core.h` has them, without SKB_DROP_REASON_. */
  readonly reasons: readonly string[];
  /** Only where one of these functions dropped it, for a reason that means several things. */
  readonly functions?: readonly string[];
  /** What a sentence says of the packets: `were dropped by …`. */
  readonly words: string;
}

const SOURCE = 'kernel: include/net/dropreason-core.h';

/** What a class adds to what all of them have in common. */
interface Entry extends Omit<DropClass, 'meta'> {
  readonly id: FindingMeta['id'];
  readonly title: string;
  /** `warning`: no sane network has it. `info`: it may be meant; a warning all the same where --to asks for the flow. */
  readonly severity: 'warning' | 'info';
  readonly meaning: string;
  readonly remedy: FindingMeta['remedy'];
  /** Of the kernel's documentation. */
  readonly source: string;
}

function dropClass({ id, title, severity, meaning, remedy, source, ...rest }: Entry): DropClass {
  const which = `${rest.reasons.join(', ')}${rest.functions ? ` in ${rest.functions.join(', ')}` : ''}`;
  return {
    ...rest,
    meta: {
      id,
      title,
      severities: severity === 'info' ? ['info', 'warning'] : ['warning'],
      meaning,
      rule: `The kernel dropped a packet for one of the reasons ${which}${severity === 'info' ? '; warning where --to asks for its flow, else info' : ''}.`,
      source: `${SOURCE}; ${source}`,
      remedy,
    },
  };
}

/** In this order the first one that fits counts. */
export const CLASSES: readonly DropClass[] = [
  dropClass({
    id: 'NT-DROP-001',
    title: 'Netfilter drops packets',
    severity: 'info',
    reasons: ['NETFILTER_DROP'],
    words: 'by a rule of netfilter',
    meaning:
      'A rule of iptables or nftables dropped or rejected the packet, or a chain whose policy is drop: a NetworkPolicy, a host firewall, or rules that somebody forgot. It is meant as often as not.',
    remedy:
      'The firewall check names the rule: run it from the sender with --to. For a NetworkPolicy, compare its rules with the labels of both pods.',
    source: 'nft(8), iptables(8)',
  }),
  dropClass({
    id: 'NT-DROP-002',
    title: 'Reverse path filtering drops packets',
    severity: 'warning',
    reasons: ['IP_RPFILTER'],
    words: 'by reverse path filtering',
    meaning:
      'The packet came in by an interface by which its sender would not be answered, and rp_filter is 1 there (or 2, and there is no way to the sender at all). Two ways to one network, a tunnel, or a second interface do that.',
    remedy:
      'Mend the route back to the sender, so that both directions take the same interface; where two ways are meant, set net.ipv4.conf.IFACE.rp_filter to 2 (loose) and look at conf.all too: the greater of both counts.',
    source: 'Documentation/networking/ip-sysctl.rst (rp_filter), RFC 3704',
  }),
  dropClass({
    id: 'NT-DROP-003',
    title: 'Packets are dropped because a neighbour does not answer',
    severity: 'warning',
    reasons: ['NEIGH_FAILED', 'NEIGH_QUEUEFULL', 'NEIGH_CREATEFAIL', 'NEIGH_DEAD', 'NEIGH_HH_FILLFAIL'],
    words: 'because a neighbour does not answer (ARP, NDP)',
    meaning:
      'The next hop or the destination on the link did not answer ARP or neighbour discovery, so that there is no hardware address to send to; or the neighbour table is full (NEIGH_CREATEFAIL).',
    remedy:
      'Nobody has the address, its owner is down, or its link is another one: the arp check shows the entry and its interface. For a full table raise net.ipv4.neigh.default.gc_thresh3 (ipv6 likewise).',
    source: 'Documentation/networking/ip-sysctl.rst (neigh)',
  }),
  dropClass({
    id: 'NT-DROP-004',
    title: 'Packets are dropped because there is no route',
    severity: 'warning',
    reasons: ['IP_OUTNOROUTES', 'IP_INNOROUTES', 'IP_INADDRERRORS'],
    words: 'because there is no route for them',
    meaning:
      'No route leads to the destination, or one that says unreachable, or forwarding is off on the interface by which the packet came.',
    remedy:
      'In that namespace, look at what "ip route get ADDRESS" says, and at net.ipv4.conf.IFACE.forwarding (net.ipv6.conf.IFACE.forwarding); the routing check judges both.',
    source: 'Documentation/networking/ip-sysctl.rst (forwarding), ip-route(8)',
  }),
  dropClass({
    id: 'NT-DROP-005',
    title: 'Packets are dropped because a socket has no room',
    severity: 'warning',
    reasons: [
      ...['SOCKET_RCVBUFF', 'SOCKET_BACKLOG', 'PROTO_MEM', 'TCP_OFO_QUEUE_PRUNE', 'TCP_ZEROWINDOW'],
      ...['FULL_RING', 'PFMEMALLOC', 'NOMEM'],
    ],
    words: 'because the socket has no room',
    meaning:
      'The packet arrived, and the receive buffer of its socket was full: the program reads too slowly. With PROTO_MEM, NOMEM or PFMEMALLOC memory ran out, of the protocol or of the machine.',
    remedy:
      'Give the program CPU, let it read faster, or raise its buffer: SO_RCVBUF up to net.core.rmem_max, of TCP net.ipv4.tcp_rmem. For PROTO_MEM see net.ipv4.udp_mem and tcp_mem. The sockets check shows which socket it is.',
    source: 'Documentation/networking/ip-sysctl.rst (tcp_rmem, udp_mem), udp(7)',
  }),
  dropClass({
    id: 'NT-DROP-006',
    title: 'Connections are dropped because the accept queue is full',
    severity: 'warning',
    reasons: ['TCP_LISTEN_OVERFLOW'],
    words: 'because the accept queue of the listening socket is full',
    meaning:
      'A program listens and accepts connections more slowly than they come: the last packet of the handshake is dropped, and the client sends again after a second or more.',
    remedy:
      "Let the program accept faster or give it CPU; a longer queue takes both the program's backlog and net.core.somaxconn.",
    source: 'Documentation/networking/ip-sysctl.rst (somaxconn), listen(2)',
  }),
  dropClass({
    id: 'NT-DROP-007',
    title: 'A queueing discipline drops packets',
    severity: 'info',
    reasons: [
      ...['QDISC_DROP', 'QDISC_OVERLIMIT', 'QDISC_CONGESTED', 'CAKE_FLOOD', 'DUALPI2_STEP_DROP'],
      ...['FQ_BAND_LIMIT', 'FQ_HORIZON_LIMIT', 'FQ_FLOW_LIMIT'],
    ],
    words: 'by the queueing discipline of an interface',
    meaning:
      'The queue of the interface that the packet was to leave by was full, or its qdisc drops to signal congestion, which TCP expects; a rate limit (bandwidth annotations, tbf) or netem does it too.',
    remedy:
      'tc -s qdisc in that namespace shows which queue and how often; mend the rate limit that is too tight, or the load.',
    source: 'tc(8)',
  }),
  dropClass({
    id: 'NT-DROP-008',
    title: "A processor's input queue is full",
    severity: 'warning',
    reasons: ['CPU_BACKLOG'],
    words: 'because the input queue of a processor is full',
    meaning:
      'More packets came to one processor than it could handle: net.core.netdev_max_backlog was reached. Interrupts of all queues on one processor do that, and a busy machine.',
    remedy:
      'Spread the load over processors (irqbalance, RPS: /sys/class/net/IFACE/queues/rx-*/rps_cpus), then raise net.core.netdev_max_backlog.',
    source: 'Documentation/networking/scaling.rst, Documentation/admin-guide/sysctl/net.rst',
  }),
  dropClass({
    id: 'NT-DROP-009',
    title: 'Packets with a wrong checksum are dropped',
    severity: 'warning',
    reasons: ['TCP_CSUM', 'UDP_CSUM', 'ICMP_CSUM', 'IP_CSUM', 'SKB_CSUM'],
    words: 'because their checksum is wrong',
    meaning:
      'The packet was changed on its way, or its sender left the checksum to hardware that did not fill it in: offloading of a network card or a tunnel that is broken.',
    remedy:
      'Switch transmit checksum offload off at the sender and try again: ethtool -K IFACE tx off. If that mends it, update the driver or keep it off.',
    source: 'Documentation/networking/checksum-offloads.rst',
  }),
  dropClass({
    id: 'NT-DROP-010',
    title: 'Packets are dropped because their TTL ends',
    severity: 'info',
    reasons: ['IP_INHDR'],
    functions: ['ip_forward', 'ip6_forward'],
    words: 'because their TTL (hop limit) ended',
    meaning:
      'A packet came to a router with a TTL of 1: it goes in a circle between routers, has passed too many, or was sent by a traceroute, which wants this.',
    remedy:
      'If nobody traces routes: the routing check looks for circles; compare the routes of both nodes to the destination.',
    source: 'RFC 1812, 5.3.1',
  }),
  dropClass({
    id: 'NT-DROP-011',
    title: 'Packets are dropped because they are too big',
    severity: 'info',
    reasons: ['PKT_TOO_BIG'],
    words: 'because they are too big for the link',
    meaning:
      'A packet that may not be fragmented is bigger than the MTU of the link that it has to leave by. The sender is told by ICMP and sends smaller ones, unless something drops that.',
    remedy:
      'A few at the beginning of a connection are how the path MTU is found. If they go on, the sender does not hear of it: the mtu check shows whether ICMP arrives, and which MTU fits.',
    source: 'RFC 1191, RFC 8201',
  }),
  dropClass({
    id: 'NT-DROP-012',
    title: 'Packets arrive where nobody listens',
    severity: 'info',
    reasons: ['NO_SOCKET', 'IP_NOPROTO'],
    words: 'because no socket takes them',
    meaning:
      'The packet arrived, and no program has that port or connection: the sender is refused (a reset, or ICMP port unreachable). Late packets of connections that are closed are among them.',
    remedy:
      'Is the program up, does it listen on this port and address, and is the targetPort of the Service right? The sockets check shows who listens.',
    source: 'RFC 9293, 3.5.2',
  }),
  dropClass({
    id: 'NT-DROP-013',
    title: 'TCP drops segments that do not belong to its connections',
    severity: 'info',
    reasons: [
      ...['TCP_FLAGS', 'TCP_OVERWINDOW', 'TCP_INVALID_SEQUENCE', 'TCP_INVALID_END_SEQUENCE'],
      ...['TCP_INVALID_ACK_SEQUENCE', 'TCP_INVALID_SYN', 'TCP_RFC7323_PAWS', 'TCP_RFC7323_TSECR'],
      ...['TCP_TOO_OLD_ACK', 'TCP_ACK_UNSENT_DATA', 'TCP_MINTTL', 'TCP_OFO_DROP', 'TCP_AUTH_HDR'],
      ...['TCP_MD5NOTFOUND', 'TCP_MD5UNEXPECTED', 'TCP_MD5FAILURE'],
      ...['TCP_AONOTFOUND', 'TCP_AOUNEXPECTED', 'TCP_AOKEYNOTFOUND', 'TCP_AOFAILURE'],
    ],
    words: 'by TCP, because they do not fit their connection',
    meaning:
      'A segment outside of the window, with flags or an acknowledgement that cannot be, or without the signature that the connection wants. Single ones come with retransmissions and restarts; many with a NAT or a firewall that lost or mixed up connections.',
    remedy:
      'If they go on: do two ways or two NATs carry one connection? The conntrack check counts what is invalid; a capture at both ends shows who changes the numbers.',
    source: 'RFC 9293, 3.10.7; RFC 7323; RFC 2385',
  }),
  dropClass({
    id: 'NT-DROP-014',
    title: 'A BPF program or a traffic filter drops packets',
    severity: 'info',
    reasons: [
      ...['XDP', 'TC_INGRESS', 'TC_EGRESS', 'BPF_CGROUP_EGRESS', 'SECURITY_HOOK'],
      ...['TC_COOKIE_ERROR', 'TC_CHAIN_NOTFOUND', 'TC_RECLASSIFY_LOOP'],
    ],
    words: 'by a program or filter (XDP, tc, cgroup, LSM)',
    meaning:
      'Not the kernel itself but what somebody loaded decided it: a network plugin that works with BPF (Cilium, Calico), a tc filter with the action drop, or a security module. Their reason is their own.',
    remedy:
      "Look at what is attached: tc filter show dev IFACE ingress (egress), ip -d link, bpftool net; then ask its owner, for Cilium cilium monitor --type drop. Drops of an XDP program in the network card's driver are not seen by the kernel.",
    source: 'Documentation/bpf/prog_cgroup_sockopt.rst, tc-bpf(8)',
  }),
  dropClass({
    id: 'NT-DROP-015',
    title: 'Packets with a header that cannot be are dropped',
    severity: 'warning',
    reasons: [
      ...[
        'IP_INHDR',
        'PKT_TOO_SMALL',
        'HDR_TRUNC',
        'DEV_HDR',
        'INVALID_PROTO',
        'IPV6_BAD_EXTHDR',
        'SKB_GSO_SEG',
      ],
      ...['IP_LOCAL_SOURCE', 'IP_INVALID_SOURCE', 'IP_LOCALNET', 'IP_INVALID_DEST', 'MAC_INVALID_SOURCE'],
    ],
    words: 'because their header cannot be',
    meaning:
      'The header is cut off or contradicts itself, or an address in it cannot come from outside: the own one of the receiver, one of the loopback network, a multicast sender.',
    remedy:
      'IP_LOCAL_SOURCE: another host has the same address, or a packet comes back to who sent it. IP_LOCALNET: a rule sends traffic to 127.0.0.0/8 without route_localnet. Otherwise capture it on that interface: the sender or a tunnel is broken.',
    source: 'RFC 1122, 3.2.1.3; Documentation/networking/ip-sysctl.rst (accept_local, route_localnet)',
  }),
  dropClass({
    id: 'NT-DROP-016',
    title: 'Fragments are dropped',
    severity: 'warning',
    reasons: ['FRAG_REASM_TIMEOUT', 'FRAG_TOO_FAR'],
    words: 'because the other fragments of the packet did not come',
    meaning:
      'A packet came in pieces and not all of them arrived within 30 s: some are lost, or a firewall lets only the first one pass, since the others have no ports.',
    remedy:
      'Avoid fragments: mend the MTU of the tunnel or the size of the datagrams. The mtu check shows what fits.',
    source: 'Documentation/networking/ip-sysctl.rst (ipfrag_time)',
  }),
  dropClass({
    id: 'NT-DROP-017',
    title: 'A tunnel drops packets',
    severity: 'warning',
    reasons: [
      ...['VXLAN_INVALID_HDR', 'VXLAN_VNI_NOT_FOUND', 'VXLAN_ENTRY_EXISTS', 'NO_TX_TARGET', 'TUNNEL_TXINFO'],
      ...['IP_TUNNEL_ECN', 'XFRM_POLICY', 'RECURSION_LIMIT'],
    ],
    words: 'by a tunnel',
    meaning:
      'A tunnel got what it cannot unpack (another VNI, a broken header), has no way to the other end (NO_TX_TARGET), or IPsec asks for an encryption that the packet does not have (XFRM_POLICY).',
    remedy:
      'Compare the tunnel of both nodes: ip -d link, bridge fdb, ip xfrm policy. The overlay network of the cluster has to have the same number and port everywhere.',
    source: 'Documentation/networking/vxlan.rst',
  }),
  dropClass({
    id: 'NT-DROP-018',
    title: 'An interface is not ready for packets',
    severity: 'warning',
    reasons: ['DEV_READY', 'IPV6DISABLED', 'BRIDGE_INGRESS_STP_STATE'],
    words: 'because the interface is not ready',
    meaning:
      'The interface is down or its other end is, IPv6 is switched off on it, or its bridge does not forward yet (STP).',
    remedy: 'The interfaces check shows what is down; for IPv6 see net.ipv6.conf.IFACE.disable_ipv6.',
    source: 'Documentation/networking/operstates.rst, Documentation/networking/ip-sysctl.rst (disable_ipv6)',
  }),
];

/** For reasons that are neither in a class nor harmless. */
export const OTHER: DropClass = {
  reasons: [],
  words: 'for a reason that is not explained here',
  meta: {
    id: 'NT-DROP-019',
    title: 'Packets are dropped for another reason',
    severities: ['info'],
    meaning:
      'The kernel names a reason that this version does not explain, or none at all (NOT_SPECIFIED): then its function is all that there is to go by.',
    rule: 'The kernel dropped a packet for a reason that is in no other finding and not harmless.',
    source: SOURCE,
    remedy:
      'Look up the reason in include/net/dropreason-core.h of the kernel, or the function in its sources.',
  },
};

/** What every sane machine drops all the time, and why that is. */
export const HARMLESS: Readonly<Record<string, string>> = {
  SKB_NOT_DROPPED_YET: 'not dropped',
  SKB_CONSUMED: 'it was taken, not dropped',
  SOCKET_CLOSE: 'the socket was closed with data in it',
  QUEUE_PURGE: 'the socket or interface was closed with packets in its queue',
  SOCKET_FILTER: 'a program that listens asked for other packets only (tcpdump, a DHCP client)',
  UNIX_DISCONNECT: 'a socket of this machine was disconnected',
  UNIX_SKIP_OOB: 'a socket of this machine read past urgent data',
  OTHERHOST: 'the frame was for another host, on a link or interface that shows all frames',
  UNICAST_IN_L2_MULTICAST: 'a broadcast frame with a packet for one host in it',
  UNHANDLED_PROTO: 'nobody here speaks the protocol (LLDP, STP)',
  TCP_OLD_DATA: 'sent again, and here already',
  TCP_OLD_SEQUENCE: 'sent again, and here already',
  TCP_OLD_ACK: 'an acknowledgement that a later one has overtaken',
  TCP_OFOMERGE: 'sent again, and here already, out of order',
  TCP_RFC7323_PAWS_ACK: 'an old acknowledgement that was overtaken',
  TCP_RFC7323_TW_PAWS: 'late for a connection that is closed',
  TCP_CLOSE: 'the connection is closed',
  TCP_RESET: 'the segment that resets the connection itself',
  TCP_FASTOPEN: 'data in a SYN, which is sent again',
  TCP_ABORT_ON_DATA: 'data for a program that has closed the connection, and is reset',
  DUP_FRAG: 'a fragment that is here already',
  TAP_FILTER: 'a virtual machine asked for other packets only',
  TAP_TXFILTER: 'a virtual machine asked for other packets only',
  LOCAL_MAC: "a frame with the bridge's own address came back to it",
  MAC_IEEE_MAC_CONTROL: 'a frame for the link itself (pause frames)',
  IPV6_NDISC_NS_OTHERHOST: 'neighbour discovery for another host',
  PACKET_SOCK_ERROR: 'a listening program has no room; the packet itself went on',
};

/** The same where the kernel names no reason, by the function. */
export const HARMLESS_FUNCTIONS: Readonly<Record<string, string>> = {
  ip6_mc_input: 'a multicast packet for which nobody here listens',
  ip_mc_finish_output: 'the copy of a multicast packet for which nobody here listens',
  tcp_v4_rcv: 'late for a connection that is closed (TIME-WAIT)',
  tcp_v6_rcv: 'late for a connection that is closed (TIME-WAIT)',
};
const NO_REASON = 'NOT_SPECIFIED';

/** Why it harms nobody; `undefined`: it may. */
export function harmlessWhy(reason: string, functionName: string): string | undefined {
  const [table, key] = reason === NO_REASON ? [HARMLESS_FUNCTIONS, functionName] : [HARMLESS, reason];
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

/** What people make of a reason at a place; `undefined`: it is harmless. */
export function classOf(reason: string, functionName: string): DropClass | undefined {
  if (harmlessWhy(reason, functionName) !== undefined) return undefined;
  const found = CLASSES.find(
    ({ reasons, functions }) =>
      reasons.includes(reason) && (functions === undefined || functions.includes(functionName)),
  );
  return found ?? OTHER;
}
