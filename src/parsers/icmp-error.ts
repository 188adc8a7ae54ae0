/** Parses what ping says of ICMP errors (iputils). Pure. */

/** An ICMP error that came for an echo request. */
export interface IcmpError {
  readonly sender: string;
  /**
   * `net`: 3/0, or for IPv6 "no route". `host`: 3/1, or "address unreachable"; whoever sends it could not find the
   * next hop on its link. `expired`: the packet's time to live was over. `other`: filters, ….
   */
  readonly kind: 'net' | 'host' | 'expired' | 'other';
  readonly line: string;
}

/** @param lines the errors of a ping series, such as `From 192.0.2.1 icmp_seq=1 Destination Net Unreachable` */
export function parseIcmpErrors(lines: readonly string[]): IcmpError[] {
  return lines.flatMap((line) => {
    const sender = /^From (\S+?):? /.exec(line)?.[1];
    return sender === undefined ? [] : [{ sender, kind: kindOf(line), line }];
  });
}

function kindOf(line: string): IcmpError['kind'] {
  if (/Destination Net Unreachable|unreachable: No route/.test(line)) return 'net';
  if (/Destination Host Unreachable|unreachable: Address unreachable/.test(line)) return 'host';
  if (/Time to live exceeded|Time exceeded: Hop limit/.test(line)) return 'expired';
  return 'other';
}
