/** Parses `ip -j -d addr show` (iproute2). Pure. */
import type { AddressFamily } from './ip-prefix.ts';
import { jsonObjects, numberOf, objectOf, objectsIn, textOf, textsIn } from './json.ts';

/** An address of an interface. */
export interface InterfaceAddress {
  readonly family: AddressFamily;
  readonly address: string;
  readonly prefixLength: number;
  /** `global`, `link`, `host`. */
  readonly scope: string;
  /** IPv6 duplicate address detection found another owner: the kernel does not use the address. */
  readonly dadFailed: boolean;
  /** It has a lifetime: a router's advertisement or a DHCP server gave it. Absent: it stays. */
  readonly isLeased?: true;
}

/** An interface and its addresses. */
export interface Interface {
  readonly name: string;
  readonly index: number;
  /** `veth`, `bridge`, …; `undefined` for hardware and loopback. */
  readonly kind: string | undefined;
  /** The bridge or bond that it is a part of. */
  readonly master: string | undefined;
  readonly flags: readonly string[];
  /** As in RFC 2863: `UP`, `DOWN`, `LOWERLAYERDOWN`, `UNKNOWN`. */
  readonly operstate: string;
  readonly mac: string | undefined;
  readonly mtu: number;
  /** The index of a veth's other end, in the network namespace that that end is in; absent: no veth. */
  readonly peerIndex?: number;
  /** Of a bridge's port: `forwarding`; `listening`, `learning` and `blocking` by its spanning tree; `disabled` without a link. */
  readonly portState?: string;
  readonly addresses: readonly InterfaceAddress[];
}

/** `undefined` when the text is not ip's JSON. */
export function parseInterfaces(stdout: string): Interface[] | undefined {
  return jsonObjects(stdout)?.map((entry) => ({
    name: textOf(entry['ifname']) ?? '',
    index: numberOf(entry['ifindex']) ?? 0,
    kind: textOf(objectOf(entry['linkinfo'])['info_kind']),
    master: textOf(entry['master']),
    flags: textsIn(entry['flags']),
    operstate: textOf(entry['operstate']) ?? 'UNKNOWN',
    mac: textOf(entry['address'])?.toLowerCase(),
    mtu: numberOf(entry['mtu']) ?? 0,
    ...peerPart(entry),
    ...portPart(objectOf(entry['linkinfo'])),
    addresses: objectsIn(entry['addr_info']).map((address) => ({
      family: address['family'] === 'inet6' ? 'inet6' : 'inet',
      address: textOf(address['local']) ?? '',
      prefixLength: numberOf(address['prefixlen']) ?? 0,
      scope: textOf(address['scope']) ?? '',
      dadFailed: address['dadfailed'] === true,
      ...(address['dynamic'] === true ? { isLeased: true as const } : {}),
    })),
  }));
}

function peerPart(entry: Readonly<Record<string, unknown>>): Pick<Interface, 'peerIndex'> {
  const peerIndex = numberOf(entry['link_index']);
  return peerIndex === undefined || textOf(objectOf(entry['linkinfo'])['info_kind']) !== 'veth'
    ? {}
    : { peerIndex };
}

function portPart(info: Readonly<Record<string, unknown>>): Pick<Interface, 'portState'> {
  const portState = textOf(objectOf(info['info_slave_data'])['state']);
  return portState === undefined || textOf(info['info_slave_kind']) !== 'bridge' ? {} : { portState };
}
