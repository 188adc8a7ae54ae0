/** A gateway that is a link-local address: what is on the other end of the link answers for it, and nobody has it. Pure. */
import type { Advice } from '../../model/advice.ts';

/** The one that Calico writes into its pods, as their only route: `default via 169.254.1.1 dev eth0`. */
export const CALICO_GATEWAY = '169.254.1.1';

/** Of IPv4 alone: routers of IPv6 have such addresses of their own (RFC 3927; RFC 4861, 6.1.2). */
export function isLinkLocal(address: string): boolean {
  return address.startsWith('169.254.');
}

/** What has to answer for it, as a part of a sentence; empty where it is another kind of address. */
export function linkLocalNote(address: string, device: string): string {
  if (!isLinkLocal(address)) return '';
  const whose =
    address === CALICO_GATEWAY
      ? 'the address that Calico gives its pods as gateway, which no interface has'
      : 'a link-local address, which often no interface has';
  return `; ${address} is ${whose}: the other end of ${device}, on the node, answers for it by proxy ARP, and only where proxy_arp and forwarding are on there and the node has a route to ${address} by another interface (its default route)`;
}

/**
 * What to do where it is silent; `undefined` where it is another kind of address.
 * @param own the target's address on that link, where it is known
 */
export function linkLocalRemedy(address: string, own = 'ADDRESS'): Advice | undefined {
  if (!isLinkLocal(address)) return undefined;
  return `On the node (the machine that has the other end of the link), ip route get ${own} names that end, IFACE. Then see, of these, what is not so: ip route get ${address} leads by another interface than IFACE (without a default route there is none: set it again, ip route add default via ROUTER dev UPLINK, and see what took it away); sysctl net.ipv4.conf.IFACE.proxy_arp net.ipv4.conf.IFACE.forwarding are both 1 (the network plugin writes them when it makes the link: a hardening profile or sysctl --system may have set them back). Do not give ${address} to an interface of the node. With the node as TARGET, the routing check names which of them it is (NT-RT-023).`;
}
