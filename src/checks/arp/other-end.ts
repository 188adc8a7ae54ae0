/** Why the other end of a link does not answer for a gateway by proxy ARP, where it is in another namespace of this machine. Pure. */
import { type Advice, advice, verbatim } from '../../model/advice.ts';
import type { Quote } from '../../model/report.ts';
import type { VethEnd } from '../../parsers/beside.ts';
import { namespaceName } from '../shared/beside.ts';
import { type ArpFacts, type Hop, ownAddress } from './facts.ts';

/** The id of the command for a link of the target. */
export function otherEndId(device: string): string {
  return `other-end-${device.replace(/[^A-Za-z0-9]/g, '-')}`;
}

/** What is missing there, in the order in which the kernel asks (arp_process, net/ipv4/arp.c). */
type Lack = 'route' | 'other route' | 'forwarding' | 'proxy_arp';

function lackOf({ device, name, forwards, isProxy }: VethEnd): Lack | undefined {
  if (device === undefined) return 'route';
  if (device === name) return 'other route';
  if (!forwards) return 'forwarding';
  return isProxy ? undefined : 'proxy_arp';
}

/** As iproute2 with glibc and with musl has the error. */
function isUnrouted({ way }: VethEnd): boolean {
  return /Network (?:is )?unreachable/.test(way);
}

/** As a part of a sentence; `undefined`: nothing of it is known, or nothing is missing. */
export function otherEndNote({ otherEnds }: ArpFacts, { device, address }: Hop): string | undefined {
  const end = otherEnds.get(device)?.end;
  const lack = end && lackOf(end);
  if (end === undefined || lack === undefined) return undefined;
  const { name, path, way } = end;
  const whose = `; ${address} is a link-local address that no interface needs to have: the other end of ${device}, ${name} in ${namespaceName(path)}, should answer for it by proxy ARP, and does not: `;
  switch (lack) {
    case 'route':
      return `${whose}the lookup of a route to ${address} fails there (${way})${isUnrouted(end) ? ', as there is no default route' : ''}`;
    case 'other route':
      return `${whose}its route to ${address} leads back by ${name} itself`;
    case 'forwarding':
      return `${whose}net.ipv4.conf.${name}.forwarding is 0`;
    case 'proxy_arp':
      return `${whose}net.ipv4.conf.${name}.proxy_arp is 0`;
  }
}

export function otherEndAdvice(facts: ArpFacts, hop: Hop): Advice | undefined {
  const { device, address } = hop;
  const end = facts.otherEnds.get(device)?.end;
  const lack = end && lackOf(end);
  if (end === undefined || lack === undefined) return undefined;
  const { name, path } = end;
  if (lack === 'route' && !isUnrouted(end))
    return advice`See in ${namespaceName(path)} why the lookup fails that the kernel makes for a question by ${name}: a routing rule, a route that forbids it, or the reverse path filter.\n${verbatim`nsenter --net=${path} ip route get ${address} from ${ownAddress(facts, hop) ?? 'ADDRESS'} iif ${name}`}`;
  switch (lack) {
    case 'route':
    case 'other route':
      return `See that ${namespaceName(path)} has its default route (ip route add default via ROUTER dev UPLINK), and find what took it away: for an address that it has a route to by another interface than ${name} it answers. Do not give ${address} to an interface there.`;
    case 'forwarding':
    case 'proxy_arp':
      return advice`Switch it on in ${namespaceName(path)}, and find what switched it off (a hardening profile, sysctl --system with an older file); the network plugin writes it when it makes the link.\n${verbatim`nsenter --net=${path} sysctl -w ${`net/ipv4/conf/${name}/${lack}=1`}`}`;
  }
}

export function otherEndQuote({ otherEnds }: ArpFacts, { device, address }: Hop): Quote[] {
  const { end } = otherEnds.get(device) ?? {};
  if (end === undefined) return [];
  const { name, path, way, forwards, isProxy } = end;
  return [
    {
      command: [`[${namespaceName(path)}]`, 'ip', 'route', 'get', address, 'iif', name],
      excerpt: `${way}\nproxy_arp ${isProxy ? 1 : 0}, forwarding ${forwards ? 1 : 0}`,
    },
  ];
}
