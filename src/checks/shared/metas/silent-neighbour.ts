import { advice, kubectl } from '../../../model/advice.ts';
import { ALL_TRAFFIC } from '../effects.ts';

/** NT-ARP-002, which the firewall check raises too. */
export const meta = {
  id: 'NT-ARP-002',
  title: 'A neighbour does not answer, or its entry is wrong',
  severities: ['critical', 'warning', 'info'],
  meaning:
    'The destination should be on the same link, but no host there claims the address: the host is gone, its link is down, or it is not allowed to answer. Or a PERMANENT entry, which the kernel never checks, sends the packets to a MAC address that is not the one that answers. Or a router on the way cannot find the next hop: the destination, where that is on its link, or another router.',
  rule: 'After it was provoked, the entry of an on-link destination is FAILED or INCOMPLETE (critical; a warning for a pod of the node that is ready by the API and was not asked for; an info where it answered in the run all the same, since the kernel may just be asking again). Or the entry is PERMANENT, another MAC address answers, and nothing comes back that way (a warning where only the gateway itself was silent). Or connect() fails with "No route to host" after 900 ms or more, and ICMP 3/1 comes from another host. Where a neighbour on the same link has the MAC address that libslirp makes of its IPv4 address (52:55 and its four bytes), the link is that of a user-mode network (slirp4netns, podman, QEMU), on which there is no other host: the destination is hidden by its range.',
  source:
    'RFC 826, RFC 1812 (3.3.2: a router tells when ARP fails); Linux gives up after three requests, a second apart; libslirp: special_ethaddr (src/slirp.c)',
  remedy: advice`Check that the address is right and that its owner is running (${kubectl`get pods -A -o wide`}). If it does, look at its link on its node (ip link, bridge link, sysctl net.ipv4.conf.all.arp_ignore in its namespace). Remove a wrong PERMANENT entry with ip neigh del ADDRESS dev DEVICE.`,
  explains: { depth: 540, subject: ALL_TRAFFIC },
  remedyOutside:
    "Check that the address is right and that its owner is running. If it is somewhere else, the range of the target's own link overlaps with the one that it is in, and hides it: give the target another range (docker network create --subnet, default-address-pools; podman --network slirp4netns:cidr=RANGE). Else look at its link (ip link, sysctl net.ipv4.conf.all.arp_ignore there). Remove a wrong PERMANENT entry with ip neigh del ADDRESS dev DEVICE. If it may be an address of a Service (a load balancer), name its cluster (--context), which is then asked.",
} as const;
