import { advice, nettools, TARGET } from '../../../model/advice.ts';
import { ALL_TRAFFIC } from '../effects.ts';

/** NT-RT-011, which the firewall check raises too. */
export const meta = {
  id: 'NT-RT-011',
  title: 'Packets loop until their time to live expires',
  severities: ['critical'],
  meaning:
    'Routers on the way send the packets to each other: each has a route to the destination through another one of them. Every packet is forwarded until its time to live expires, and connections time out.',
  rule: 'Nothing comes from the destination itself, and a router says that the time to live of a packet was over (ICMP type 11 code 0; IPv6: type 3 code 0). Packets are sent with a time to live of 64; no way through a network is that long.',
  source: 'RFC 792; RFC 1812, 5.2.7.3; RFC 4443, 3.3; RFC 1700: a default time to live of 64',
  remedy: advice`See on the router that is named where its route leads (ip route get ADDRESS there), and the same on that next hop: one of them has to lead elsewhere, or to drop what nobody has (a blackhole route for the whole range). ${nettools`run ${TARGET} -- tracepath -n ADDRESS`} shows where the hops begin to repeat.`,
  remedyOutside:
    'See on the router that is named where its route leads (ip route get ADDRESS there), and the same on that next hop: one of them has to lead elsewhere, or to drop what nobody has (a blackhole route for the whole range). tracepath -n ADDRESS shows where the hops begin to repeat.',
  explains: { depth: 572, subject: ALL_TRAFFIC },
} as const;
