/** Drops in words. Pure. */
import { socketAddress } from '../../model/socket-address.ts';
import type { DropFlow } from '../../parsers/drops.ts';
import type { DropsInput, DropWhere } from './facts.ts';

/** IANA's numbers, of those that have names here. */
const PROTOCOLS: Readonly<Record<number, string>> = {
  1: 'ICMP',
  2: 'IGMP',
  4: 'IP in IP',
  6: 'TCP',
  17: 'UDP',
  41: 'IPv6 in IP',
  47: 'GRE',
  50: 'ESP',
  58: 'ICMPv6',
  112: 'VRRP',
  132: 'SCTP',
};

const IPV4 = 0x0800;
const IPV6 = 0x86dd;

/** IEEE's. */
const ETHERTYPES: Readonly<Record<number, string>> = {
  [IPV4]: 'IPv4',
  [0x0806]: 'ARP',
  [IPV6]: 'IPv6',
  [0x88cc]: 'LLDP',
};

/** What it is: `TCP`, `ARP`, `protocol 99`. */
export function protocolOf({ ethertype, protocol, source }: DropFlow): string {
  const isIp = (ethertype === IPV4 || ethertype === IPV6) && source !== undefined;
  if (isIp) return PROTOCOLS[protocol] ?? `protocol ${protocol}`;
  return ETHERTYPES[ethertype] ?? `frames 0x${ethertype.toString(16).padStart(4, '0')}`;
}

/** Who it is: the name, where one has the address, and the port, where it is not a client's. */
function end(address: string, port: number | undefined, names: DropsInput['names']): string {
  const name = Object.hasOwn(names, address) ? names[address] : undefined;
  const host = name ?? address;
  return port ? socketAddress(host, port) : host;
}

/** `TCP shop/web-0 → shop/db-0:5432` */
export function flowText(flow: DropFlow, names: DropsInput['names']): string {
  const { source, destination, sourcePort, destinationPort, icmpType } = flow;
  const what = `${protocolOf(flow)}${icmpType === undefined ? '' : ` type ${icmpType}`}`;
  return source === undefined || destination === undefined
    ? what
    : `${what} ${end(source, sourcePort, names)} → ${end(destination, destinationPort, names)}`;
}

/** `pod shop/web-0`, `the host's namespace`, `namespace blue` */
export function whereText({ kind, name }: DropWhere): string {
  switch (kind) {
    case 'host':
      return "the host's namespace";
    case 'pod':
      return `pod ${name}`;
    case 'container':
      return `container ${name}`;
    case 'own':
      return "the target's namespace";
    default:
      return `namespace ${name}`;
  }
}

export function packetsText(count: number): string {
  return `${count} ${count === 1 ? 'packet' : 'packets'}`;
}

/** Whether it is that of a pod among the names of addresses, which are of Services and nodes too. */
export function isPodName(name: string | undefined): boolean {
  return name !== undefined && /^[^\s/]+\/[^\s/]+$/.test(name);
}
