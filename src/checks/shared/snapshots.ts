/**
 * Snapshots of the kernel's state, in one spelling, so that checks that ask for the same at the same stage share it.
 * Pure.
 */
import type { ProbeScripts } from '../../model/check.ts';
import type { ProbeCommand } from '../../model/evidence.ts';

const LIMIT_SECONDS = 5;

export const SNAPSHOTS = {
  status: ['cat', '/proc/self/status'],
  counters: ['cat', '/proc/net/snmp', '/proc/net/netstat'],
  counters6: ['cat', '/proc/net/snmp6'],
  addresses: ['ip', '-j', '-d', 'addr', 'show'],
  ecn: ['cat', '/proc/sys/net/ipv4/tcp_ecn'],
  links: ['ip', '-j', '-s', '-s', 'link', 'show'],
  routes: ['ip', '-j', '-d', 'route', 'show', 'table', 'all'],
  rules: ['ip', '-j', 'rule', 'show'],
  rules6: ['ip', '-j', '-6', 'rule', 'show'],
  neighbours: ['ip', '-j', '-s', 'neigh', 'show'],
  neighbourTables: ['ip', '-j', '-s', 'ntable', 'show'],
  vxlans: ['ip', '-j', '-d', 'link', 'show', 'type', 'vxlan'],
  forwarding: ['bridge', '-j', 'fdb', 'show'],
  nft: ['nft', '-j', 'list', 'ruleset'],
  iptables: ['iptables-save', '-c'],
  iptablesLegacy: ['iptables-legacy-save', '-c'],
  ip6tables: ['ip6tables-save', '-c'],
  ip6tablesLegacy: ['ip6tables-legacy-save', '-c'],
  ipsets: ['ipset', 'save'],
  softnet: ['cat', '/proc/net/softnet_stat'],
  conntrack: ['cat', '/proc/net/stat/nf_conntrack'],
  listeners: ['ss', '-lntupH'],
  transparent: ['ss', '-lntuH', '--inet-sockopt'],
  drops: ['ss', '-lntumH'],
} as const;

/** @param id of the command in its plan; the name of the snapshot, unless it is taken more than once */
export function snapshot(what: keyof typeof SNAPSHOTS, id: string = what): ProbeCommand {
  return { id, argv: SNAPSHOTS[what], timeoutSeconds: LIMIT_SECONDS };
}

/** Sockets of which something is to be told; after the probes, as several checks ask for them. */
export function oddSockets({ oddSockets: script }: ProbeScripts): ProbeCommand {
  return {
    id: 'odd-sockets',
    argv: ['sh', '-c', script, 'odd-sockets'],
    display: ['ss', '-tino', 'state', 'connected'],
    timeoutSeconds: LIMIT_SECONDS,
  };
}
