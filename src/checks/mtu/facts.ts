/** What the mtu check knows once its evidence is parsed; the rules judge this and nothing else. Pure. */
import type { Destination } from '../../model/destination.ts';
import type { ProbeResult } from '../../model/evidence.ts';
import { sameAddress } from '../../parsers/ip-prefix.ts';
import { allowedMtu, type PathMtu } from '../../parsers/path-mtu.ts';
import type { PingSeries } from '../../parsers/ping.ts';
import type { TcpTransfer } from '../../parsers/tcp-transfer.ts';
import type { CounterSnapshots } from '../shared/counters.ts';
import { cutReason, type Measured } from '../shared/measured.ts';

/** One destination's measurements. */
export interface MtuPath {
  readonly destination: Destination;
  /** By echo requests with fragmentation forbidden. */
  readonly icmp: Measured<PathMtu>;
  /** By segments of full size; absent where no transfer was asked for. */
  readonly transfer: Measured<TcpTransfer> | undefined;
  /** Echo requests that leave in fragments; absent: none were sent, or ping could not. */
  readonly fragments: PingSeries | undefined;
  readonly results: Readonly<Record<'icmp' | 'transfer' | 'fragments', ProbeResult | undefined>>;
}

/** The machine that a container's or pod's packets leave through. */
export interface OwnHost {
  readonly kind: 'pod' | 'docker' | 'other';
  /** As the API or the engine says; its end of the target's own link is the gateway, and may not be among them. */
  readonly addresses: readonly string[];
}

export interface MtuFacts {
  readonly paths: readonly MtuPath[];
  /** Ids of those destinations that are other nodes: no overlay lies between. */
  readonly nodes: readonly string[];
  /** Of the whole network namespace. */
  readonly counters: CounterSnapshots;
  /** A node of a cluster: it puts together what it forwards, too (connection tracking does). */
  readonly forwards: boolean;
  /** Absent: the target is a host itself, whose next hop is another machine. */
  readonly ownHost?: OwnHost;
}

/** What the check gets before it runs; plain JSON. */
export interface MtuInput {
  readonly destinations: readonly Destination[];
  /** Whether to send full segments over TCP to those destinations whose port the user has named. */
  readonly transfer: boolean;
  /** Of a node: ids of those destinations that are other nodes themselves. */
  readonly nodes?: readonly string[];
  /** A node of a cluster. */
  readonly forwards?: true;
  /** Absent: the target is a host itself. */
  readonly ownHost?: OwnHost;
}

/** A path that carries less than the target may send. Sizes in bytes of the whole IP packet. */
export interface Narrow {
  readonly allowed: number;
  readonly carries: number;
  readonly device: string;
  /** What somebody on the way said about it; absent: nobody did. */
  readonly announced: string | undefined;
}

/** Below this no IPv4 host has to take a packet in one piece (RFC 791): a filter of large pings, and not a path. */
const SMALLEST_MTU = 576;

/** Less than that is silence by chance. */
const MIN_LOST = 5;

/** `undefined` when the path carries what the target may send, or it is not known. */
export function narrow(path: MtuPath): Narrow | undefined {
  const found = path.icmp.value;
  if (!found) return undefined;
  // Full segments may have got through, and then nothing is narrow.
  const { transfer } = path.results;
  if (transfer && cutReason(transfer) !== undefined) return undefined;
  const allowed = allowedMtu(found);
  const carries = found.pathMtu;
  if (allowed === undefined || carries === undefined || carries >= allowed || carries < SMALLEST_MTU) {
    return undefined;
  }
  const announced = found.announcements[0];
  const lost = found.tries
    .filter((t) => t.size > carries && t.received === 0)
    .reduce((sum, t) => sum + t.sent, 0);
  if (announced === undefined && lost < MIN_LOST) return undefined;
  return { allowed, carries, device: found.link?.device ?? 'the interface', announced };
}

/** Who said so: `From 192.0.2.1 icmp_seq=1 Frag needed …`. */
export function announcer(announcement: string): string {
  return /^From (\S+?):? /.exec(announcement)?.[1] ?? announcement;
}

/** Whether the target's own host says so: its way on is smaller, whatever the destination. */
export function isSaidByOwnHost({ announced }: Narrow, { paths, ownHost }: MtuFacts): boolean {
  if (announced === undefined || ownHost === undefined) return false;
  const gateways = paths.flatMap(({ destination, icmp }) =>
    destination.role === 'gateway' ? (icmp.value?.address ?? []) : [],
  );
  return [...gateways, ...ownHost.addresses].some((address) => sameAddress(address, announcer(announced)));
}

/** The sender never learned of a smaller path, and still its segments fit: something on the way rewrites the MSS. */
export function isClamped({ transfer }: MtuPath, { allowed, carries }: Narrow): boolean {
  const socket = transfer?.value?.outcome === 'done' ? transfer.value.socket : undefined;
  return socket !== undefined && socket.pathMtu >= allowed && socket.mss + 40 <= carries;
}

/** Full segments got through by TCP: then it is only pings that somebody does not let pass. */
export function carriesFullSegments(path: MtuPath): boolean {
  const transfer = path.transfer?.value;
  const allowed = path.icmp.value && allowedMtu(path.icmp.value);
  if (transfer?.outcome !== 'done' || !transfer.socket || allowed === undefined) return false;
  // IP and TCP headers, with the timestamps option or without it.
  return transfer.socket.mss + 52 >= allowed;
}
