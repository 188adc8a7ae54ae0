/**
 * What became of a connection, judged by what connect() said, by who sent which ICMP error, and by what the kernel
 * counted. The rows were reproduced one by one on Linux 6.18 (test/faults/discriminator.test.ts). Pure.
 */

import type { Reason } from '../../model/reason.ts';
import type { Neighbour } from '../../parsers/ip-neigh.ts';
import type { NextHop, Reach, ReachTry } from '../../parsers/reach.ts';
import type { TcpSocket } from '../../parsers/ss.ts';
import type { Unreachable } from '../../parsers/unreachable.ts';
import { because } from '../shared/reason.ts';

/** `sender` of an ICMP error is absent where nothing could listen for it. */
export type Cause =
  | { readonly kind: 'open' }
  /**
   * Connected, and then what is sent is not acknowledged. `isDeaf`: not even a segment that every link carries; else it may
   * be those of full size alone.
   */
  | { readonly kind: 'stalled'; readonly isDeaf: boolean }
  /** A datagram without an answer proves nothing. */
  | { readonly kind: 'no-datagram' }
  | { readonly kind: 'unmeasured'; readonly reason: Reason }
  /** Nobody answered, and nobody said why. */
  | { readonly kind: 'dropped' }
  /** It never left: the target's own firewall took it on its way out. */
  | { readonly kind: 'dropped-here' }
  /** The destination itself: a TCP reset, or ICMP port unreachable for a datagram. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'rejected'; readonly sender: string | undefined }
  | { readonly kind: 'prohibited'; readonly sender: string | undefined }
  | { readonly kind: 'no-route-there'; readonly sender: string | undefined }
  | { readonly kind: 'no-host-there'; readonly sender: string | undefined }
  | { readonly kind: 'no-neighbour'; readonly neighbour: string; readonly viaGateway: boolean }
  | { readonly kind: 'neighbour-table-full' }
  | { readonly kind: 'forbidding-route'; readonly type: 'blackhole' | 'unreachable' | 'prohibit' }
  | { readonly kind: 'no-route' }
  /** Routers send it to each other until its time to live is over. */
  | { readonly kind: 'circle'; readonly sender: string }
  /** Somebody on the way takes a header of what is sent for wrong. */
  | { readonly kind: 'wrong-header' }
  | { readonly kind: 'no-local-port' }
  | { readonly kind: 'error'; readonly error: string };

/** What the cause is judged by. */
export interface Signs {
  readonly reach: Reach;
  readonly protocol: 'tcp' | 'udp';
  /** An answer was due: the question was one that servers of this port answer. */
  readonly expectsAnswer: boolean;
  readonly address: string;
  readonly hop: NextHop | undefined;
  readonly neighbour: Neighbour | undefined;
  readonly icmp: readonly Unreachable[];
  /** Somebody listened for ICMP errors, so that none is a sign too. */
  readonly listened: boolean;
  /** Routers that said that the time to live of a packet was over. */
  readonly expiredAt: readonly string[];
  readonly socket: TcpSocket | undefined;
  readonly forbidding: readonly string[];
  /** How much counters of the whole network namespace grew; `undefined` where unknown. */
  readonly grown: {
    readonly synRetrans: number | undefined;
    readonly retransFail: number | undefined;
    readonly icmpUnreachable: number | undefined;
    readonly noRoutes: number | undefined;
    /** Resets that this kernel's TCP sent: for whoever came to a closed port (tcp_v4_send_reset). A rule's are not counted. */
    readonly resets: number | undefined;
    readonly tableOverflows: number | undefined;
  };
}

/**
 * A neighbour that does not answer takes the kernel 3 s. A filter answers at once, but a kernel sends one ICMP error a
 * second to a host (icmp_ratelimit), so that its answer may be that to the second or third SYN.
 */
const LOOKED_FOR_MS = 2500;

export function causeOf(signs: Signs): Cause {
  const { reach } = signs;
  if (reach.unresolved !== undefined) return { kind: 'unmeasured', reason: because(reach.unresolved) };
  const last = reach.tries.at(-1);
  if (last === undefined) return { kind: 'unmeasured', reason: because('no connection was tried') };
  if (last.outcome === 'connected')
    return isStalled(signs.socket)
      ? { kind: 'stalled', isDeaf: isDeaf(signs.socket, reach.isFirstAlone === true) }
      : { kind: 'open' };
  if (last.outcome === 'answered') return { kind: 'open' };
  // What is reported once is true for all tries: the kernel limits how many ICMP errors it sends. The longest one shows
  // whether anybody had to be looked for.
  const [failed] = reach.tries.filter((t) => t.outcome === 'failed').sort((a, b) => b.ms - a.ms);
  return failed ? failure(signs, failed) : silence(signs);
}

/** Waiting again and again for an acknowledgement, while round trips of small packets are short. */
function isStalled(socket: TcpSocket | undefined): socket is TcpSocket {
  return (
    socket !== undefined &&
    socket.state !== 'SYN-SENT' &&
    socket.sendQueue > 0 &&
    socket.backoff >= 2 &&
    (socket.minRtt ?? 0) < 500
  );
}

/** Every link of IPv4 carries so much (RFC 791): what is smaller is not lost for its size. */
const LEAST_MTU = 576;

/** Nothing after the handshake was acknowledged, though it was small, or a byte of it went ahead. */
function isDeaf({ acknowledged, sendQueue }: TcpSocket, isFirstAlone: boolean): boolean {
  return acknowledged <= 1 && (isFirstAlone || sendQueue < LEAST_MTU);
}

function silence(signs: Signs): Cause {
  const { protocol, socket, grown, neighbour, hop } = signs;
  const told = toldByIcmp(signs);
  if (told) return told;
  const resent = socket?.state === 'SYN-SENT' && socket.retransmits > 0;
  // Whatever else went wrong meanwhile, this one was sent.
  if (resent && socket.retransmitsInFlight > 0) return { kind: 'dropped' };
  if ((grown.tableOverflows ?? 0) > 0) return { kind: 'neighbour-table-full' };
  if (hop && (neighbour?.state === 'FAILED' || neighbour?.state === 'INCOMPLETE')) return noNeighbour(hop);
  if (protocol === 'udp') return signs.expectsAnswer ? { kind: 'dropped' } : { kind: 'no-datagram' };
  // The socket is this try's own; the counters are everybody's.
  if (resent) return { kind: 'dropped-here' };
  const { retransFail, synRetrans } = grown;
  if (retransFail === undefined || synRetrans === undefined)
    return unknown('no answer came, and neither its socket nor the counters show whether it was sent at all');
  return { kind: retransFail > 0 && retransFail >= synRetrans ? 'dropped-here' : 'dropped' };
}

function failure(signs: Signs, { error = '', ms }: ReachTry): Cause {
  const { protocol, address, hop, neighbour, forbidding, grown, listened } = signs;
  const ways = (type: 'blackhole' | 'unreachable' | 'prohibit'): boolean =>
    forbidding.some((line) => line.startsWith(type));
  const told = toldByIcmp(signs);
  const unseenIcmp = !listened && (grown.icmpUnreachable ?? 0) > 0;
  // Nobody listened, and nobody counted: an ICMP error looks like the kernel's own.
  const isBlind = !listened && grown.icmpUnreachable === undefined;
  const blind = unknown(
    `connecting fails with "${error}", and it is not known whether an ICMP error caused it`,
  );
  switch (error) {
    case 'Connection refused':
      if (told) return told;
      // The ICMP errors of a busy machine may be about anything; at an address of its own its TCP tells who refused.
      if (isOwnAddress(signs) && (grown.resets ?? 0) > 0) return { kind: 'refused' };
      if (protocol === 'tcp' && isBlind) return blind;
      return protocol === 'tcp' && unseenIcmp ? { kind: 'rejected', sender: undefined } : { kind: 'refused' };
    case 'No route to host':
    case 'Host is unreachable':
      if (told) return told;
      if (ms >= LOOKED_FOR_MS)
        return hop && neighbour?.state !== 'REACHABLE' && isUnanswered(neighbour)
          ? noNeighbour(hop)
          : { kind: 'no-host-there', sender: undefined };
      if (ways('unreachable')) return { kind: 'forbidding-route', type: 'unreachable' };
      // It makes connect() fail like an unreachable host (tcp_v4_err, net/ipv4/tcp_ipv4.c).
      if (signs.expiredAt[0] !== undefined) return { kind: 'circle', sender: signs.expiredAt[0] };
      if (unseenIcmp) return { kind: 'prohibited', sender: undefined };
      if (isBlind) return blind;
      return hop && isUnanswered(neighbour)
        ? noNeighbour(hop)
        : { kind: 'forbidding-route', type: 'unreachable' };
    case 'Network is unreachable':
    case 'Network unreachable':
      if (told) return told;
      if (hop !== undefined && !listened && grown.noRoutes === undefined) return blind;
      return hop === undefined || (grown.noRoutes ?? 0) > 0
        ? { kind: 'no-route' }
        : { kind: 'no-route-there', sender: undefined };
    case 'Permission denied':
      if (told) return told;
      if (address.includes(':') && isBlind && !ways('prohibit')) return blind;
      // IPv6 says so for a filter's message too (icmpv6_err_convert, net/ipv6/icmp.c).
      return address.includes(':') && (grown.icmpUnreachable ?? 0) > 0 && !ways('prohibit')
        ? { kind: 'prohibited', sender: undefined }
        : { kind: 'forbidding-route', type: 'prohibit' };
    case 'Invalid argument':
      return { kind: 'forbidding-route', type: 'blackhole' };
    case 'Operation not permitted':
      return { kind: 'dropped-here' };
    case 'Cannot assign requested address':
    case 'Address not available':
      // Where the route has no address to send from, it is that which lacks (ip6_dst_lookup_tail, net/ipv6/ip6_output.c).
      return hop !== undefined && hop.source === undefined
        ? { kind: 'error', error }
        : { kind: 'no-local-port' };
    // tcp_v4_err of net/ipv4/tcp_ipv4.c and icmpv6_err_convert of net/ipv6/icmp.c make it of a parameter problem alone.
    case 'Protocol error':
      return { kind: 'wrong-header' };
    case 'No buffer space available':
      return { kind: 'neighbour-table-full' };
    case 'Connection timed out':
    case 'Operation timed out':
      return silence(signs);
    default:
      return told ?? { kind: 'error', error };
  }
}

/** As `ip route get` has it: what is sent there comes back by lo. */
function isOwnAddress({ protocol, reach }: Signs): boolean {
  return protocol === 'tcp' && reach.routes.some((line) => line.startsWith('local '));
}

function unknown(reason: string): Cause {
  return { kind: 'unmeasured', reason: because(reason) };
}

function isUnanswered(neighbour: Neighbour | undefined): boolean {
  return neighbour?.state === 'FAILED' || neighbour?.state === 'INCOMPLETE';
}

function noNeighbour(hop: NextHop): Cause {
  return { kind: 'no-neighbour', neighbour: hop.neighbour, viaGateway: hop.viaGateway };
}

/** The first ICMP error that says something about this destination. */
function toldByIcmp({ icmp, address, hop, protocol }: Signs): Cause | undefined {
  for (const { kind, sender } of icmp) {
    switch (kind) {
      case 'port-unreachable':
      case 'protocol-unreachable':
        // A kernel answers a closed TCP port with a reset: for TCP even the destination's own ICMP is a filter's.
        return protocol === 'udp' && sender === address ? { kind: 'refused' } : { kind: 'rejected', sender };
      case 'prohibited':
        return { kind: 'prohibited', sender };
      case 'net-unreachable':
        return { kind: 'no-route-there', sender };
      case 'host-unreachable':
        // The kernel tells itself when nobody answers on its own link.
        return hop && sender === hop.source ? noNeighbour(hop) : { kind: 'no-host-there', sender };
    }
  }
  return undefined;
}
