/** Reasons that harm nobody. Pure. */

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

const CLOSED = 'the socket was closed with packets in its queue';
const PING = 'an answer to a ping, whose program has read it by another kind of socket';

/** By their function too: reasons that elsewhere mean something, or nothing. */
export const HARMLESS_FUNCTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  NOT_SPECIFIED: {
    ip6_mc_input: 'a multicast packet for which nobody here listens',
    ip_mc_finish_output: 'the copy of a multicast packet for which nobody here listens',
    tcp_v4_rcv: 'late for a connection that is closed (TIME-WAIT)',
    tcp_v6_rcv: 'late for a connection that is closed (TIME-WAIT)',
    icmpv6_rcv: 'it was taken, not dropped (Linux 6.1 does not say so)',
    inet_sock_destruct: CLOSED,
    sk_stream_kill_queues: CLOSED,
    skb_queue_purge: CLOSED,
  },
  // An answer to ping goes to programs that read all ICMP, and then to sockets for pings, of which there may be none.
  NO_SOCKET: { icmp_rcv: PING, icmpv6_rcv: PING, ping_rcv: PING },
};

/** Why it harms nobody; `undefined`: it may. */
export function harmlessWhy(reason: string, functionName: string): string | undefined {
  const functions = Object.hasOwn(HARMLESS_FUNCTIONS, reason) ? HARMLESS_FUNCTIONS[reason] : undefined;
  if (functions !== undefined && Object.hasOwn(functions, functionName)) return functions[functionName];
  return Object.hasOwn(HARMLESS, reason) ? HARMLESS[reason] : undefined;
}
