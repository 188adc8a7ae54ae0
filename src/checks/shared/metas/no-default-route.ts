import { advice, kubectl, nettools, POD, TARGET } from '../../../model/advice.ts';
import { ALL_TRAFFIC } from '../effects.ts';

/** NT-RT-001, which the firewall check raises too. */
export const meta = {
  id: 'NT-RT-001',
  title: 'No default route',
  severities: ['critical'],
  meaning:
    'The target has no way out of its own networks: whatever is not on a link of its own cannot be sent. Every connection fails at once with "Network is unreachable", and names do not resolve.',
  rule: 'The kernel has no route to at least one destination, and no table that a rule looks in has a default route of that family. Without any destination that could be asked for, the missing route alone. It explains what happens to a destination only where that one has no route of its own. For IPv6, an interface that takes no router advertisements is named where forwarding is on and accept_ra is 1 there (Documentation/networking/ip-sysctl.rst), and it has an address with a lifetime. For IPv4, that all of its addresses are of 169.254.0.0/16 is said.',
  source:
    'RFC 3927 (169.254.0.0/16); Linux: ENETUNREACH of a route lookup that found nothing (net/ipv4/route.c)',
  remedy: advice`A pod gets its default route from the CNI plugin when its sandbox is made. Delete the pod so that it is made again (${kubectl`delete pod ${POD}`}), and see the CNI plugin's log on the node when it happens again. By hand: ${nettools`run ${TARGET} -- ip route add default via GATEWAY dev eth0`}.`,
  explains: { depth: 510, target: ALL_TRAFFIC },
  remedyOutside:
    'See what should have set it: the DHCP client or the network configuration (NetworkManager, systemd-networkd, netplan, ifupdown), for a container its engine. Of DHCP: whether its server runs on the other end (dnsmasq of lxc-net or LXD, systemd-networkd for ve-* of systemd-nspawn), and whether the firewall there takes UDP port 67 in from that interface (firewalld: put it into the zone trusted). By hand: ip route add default via GATEWAY dev DEVICE.',
  scope: 'host',
} as const;
