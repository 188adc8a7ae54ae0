import { ALL_TRAFFIC } from '../effects.ts';

/** NT-ARP-001, which the firewall check raises too. */
export const meta = {
  id: 'NT-ARP-001',
  title: 'The gateway does not answer',
  severities: ['critical', 'info'],
  meaning:
    'The router that the target sends everything to does not answer ARP. Nothing leaves the link: connections fail after about three seconds with "No route to host", or time out. A link-local gateway, as Calico gives its pods (169.254.1.1), is no interface\'s address: the other end of the link answers for it by proxy ARP, and only for what it has a route to by another interface.',
  rule: 'After it was provoked, the entry of a next hop that is a router is FAILED or INCOMPLETE. Or it is neither PERMANENT nor NOARP, two ARP requests get no answer, and no destination behind it answers. Where traffic through it was answered in the run, or its own ARP answer came, such an entry is of one moment: info. Of a link-local gateway of a namespace of this machine (netns:, pid:), the other end of the veth is looked for in the other namespaces: its proxy_arp and forwarding, and what ip route get GATEWAY from ADDRESS iif IFACE says there.',
  source:
    'RFC 826; the states are those of Linux (include/uapi/linux/neighbour.h), an entry fails after three requests; RFC 3927 (169.254.0.0/16), arp_process (net/ipv4/arp.c)',
  remedy:
    "The other end of the pod's link is gone or not the router any more: see on the node whether the veth is up and in the right bridge (ip link, bridge link), and whether the bridge or the host end has the gateway's address (ip addr). Then restart the CNI agent on the node, or delete the pod so that its link is made again.",
  explains: { depth: 430, target: [...ALL_TRAFFIC, 'NT-RT-003', 'NT-RT-007'] },
  remedyOutside:
    "The other end of the link is gone or not the router any more: see whether it is up (a veth's other end: ip -d link, bridge link on the machine that has it), and whether it has the gateway's address (ip addr there). For hardware: the cable, the switch port and its VLAN; in a virtual machine or a cloud, its network and security settings.",
  scope: 'host',
} as const;
