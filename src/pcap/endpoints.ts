/** The two ends of a TCP packet, read from its first bytes. Pure. */
import type { Packet } from './reader.ts';

/** One end of a connection. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const VLAN = 0x8100;
const TCP = 6;

/** By LINKTYPE_ value, where a packet says its protocol, and where that begins. */
const LINKS: ReadonlyMap<number, { readonly protocol: number; readonly payload: number }> = new Map([
  [1, { protocol: 12, payload: 14 }],
  [113, { protocol: 14, payload: 16 }],
  [276, { protocol: 0, payload: 20 }],
]);

/** `undefined`: it is not TCP, is in a tunnel, has IPv6 extension headers, or is of a link that is not known here. */
export function tcpEndpoints(
  { data }: Packet,
  linkType: number,
): { readonly source: Endpoint; readonly destination: Endpoint } | undefined {
  const link = LINKS.get(linkType);
  if (link === undefined) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  try {
    let protocol = view.getUint16(link.protocol);
    let at = link.payload;
    if (protocol === VLAN) {
      protocol = view.getUint16(at + 2);
      at += 4;
    }
    return protocol === IPV4 ? ofIpv4(view, at) : protocol === IPV6 ? ofIpv6(view, at) : undefined;
  } catch (error) {
    // Cut off by -s.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

type Ends = ReturnType<typeof tcpEndpoints>;

function ofIpv4(view: DataView, at: number): Ends {
  // Only the first fragment has ports.
  const isRest = (view.getUint16(at + 6) & 0x1fff) !== 0;
  if (view.getUint8(at + 9) !== TCP || isRest) return undefined;
  const address = (from: number): string => [0, 1, 2, 3].map((i) => view.getUint8(from + i)).join('.');
  return ends(view, at + (view.getUint8(at) & 0xf) * 4, address(at + 12), address(at + 16));
}

function ofIpv6(view: DataView, at: number): Ends {
  if (view.getUint8(at + 6) !== TCP) return undefined;
  const address = (from: number): string =>
    [0, 2, 4, 6, 8, 10, 12, 14].map((i) => view.getUint16(from + i).toString(16)).join(':');
  return ends(view, at + 40, address(at + 8), address(at + 24));
}

function ends(view: DataView, at: number, source: string, destination: string): Ends {
  return {
    source: { address: source, port: view.getUint16(at) },
    destination: { address: destination, port: view.getUint16(at + 2) },
  };
}
