/** Steps of the faults that the tests and the recordings of mtu, conntrack and throughput share. */
import type { PodNetns } from './pod-netns.ts';

interface Step {
  readonly make: string;
  readonly undo: string;
}

/** On node1, which the client is on: the way to a pod on node2 takes no more than 1400 bytes, as an overlay would. */
export function narrowRoute(far: PodNetns): Step[] {
  const route = `${far.address}/32 via 198.51.100.12`;
  return [{ make: `ip route add ${route} mtu 1400`, undo: `ip route del ${route}` }];
}

/** Drops what a rule matches on its way in. */
export function dropIn(rule: string): Step[] {
  return [
    { make: 'nft add table inet ntf', undo: 'nft delete table inet ntf' },
    { make: 'nft add chain inet ntf in { type filter hook input priority 0 ; }', undo: '' },
    { make: `nft add rule inet ntf in ${rule} drop`, undo: '' },
  ];
}

/** The message of a router that a packet is too large. */
export const TOO_LARGE = 'icmp type destination-unreachable icmp code frag-needed';

/** A rule that asks for a connection's state makes the kernel track connections in this namespace. */
export const TRACKING: readonly Step[] = [
  { make: 'nft add table inet ntf', undo: 'nft delete table inet ntf' },
  { make: 'nft add chain inet ntf out { type filter hook output priority 0 ; }', undo: '' },
  { make: 'nft add rule inet ntf out ct state new counter', undo: '' },
];

/** UDP packets to an address and port are sent on to another. */
export function translate(from: string, port: number, to: string): Step[] {
  return [
    { make: 'nft add table ip ntf', undo: 'nft delete table ip ntf' },
    { make: 'nft add chain ip ntf out { type nat hook output priority -100 ; }', undo: '' },
    { make: `nft add rule ip ntf out ip daddr ${from} udp dport ${port} dnat to ${to}:${port}`, undo: '' },
  ];
}

/** Two ports for all of a pod's connections to a port. */
export function fewPorts({ address }: PodNetns, port: number): Step[] {
  return [
    { make: 'nft add table ip ntf', undo: 'nft delete table ip ntf' },
    { make: 'nft add chain ip ntf post { type nat hook postrouting priority 100 ; }', undo: '' },
    { make: `nft add rule ip ntf post udp dport ${port} snat to ${address}:5000-5001`, undo: '' },
  ];
}

/** The pod sends no more than so much. */
export const RATE_LIMIT: readonly Step[] = [
  {
    make: 'tc qdisc add dev eth0 root tbf rate 50mbit burst 32k limit 200k',
    undo: 'tc qdisc del dev eth0 root',
  },
];

/** Sends from one socket again and again. */
export function keepSending(address: string, port: number): string[] {
  return ['bash', '-c', `exec 3>/dev/udp/${address}/${port}; while sleep 0.3; do echo x >&3; done`];
}

/** Sends from five new sockets again and again. */
export function manySockets(address: string, port: number): string[] {
  const send = `echo x >/dev/udp/${address}/${port}`;
  return ['bash', '-c', `while sleep 0.3; do for i in 1 2 3 4 5; do ${send}; done; done`];
}
