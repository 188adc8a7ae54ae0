/** What is read of the Docker host's own network, before the probes and after them. Pure. */

import type { ProbeScripts } from '../../model/check.ts';
import type { PublishedPort } from '../../model/docker-ports.ts';
import type { Evidence, ProbeCommand, ProbePlan, ProbeResult } from '../../model/evidence.ts';
import { snapshot } from '../shared/snapshots.ts';
import type { DockerNetwork } from './facts.ts';

/** Begins the ids of the host's results in the evidence of the check. */
const PREFIX = 'host-';

/** Counters of filters before the probes. */
export function hostBefore(published: readonly PublishedPort[]): ProbePlan {
  return {
    phases: [
      [
        snapshot('nft', 'nft-before'),
        snapshot('iptables', 'iptables-before'),
        snapshot('iptablesLegacy', 'legacy-before'),
        snapshot('counters', 'counters-before'),
        snapshot('conntrack', 'conntrack-before'),
        ...datagrams(published, 'before'),
      ],
    ],
  };
}

/** The same after them, and what else decides about packets of containers. */
export function hostAfter(
  published: readonly PublishedPort[],
  tunnels: readonly Tunnel[],
  scripts: ProbeScripts,
  more: readonly ProbeCommand[] = [],
): ProbePlan {
  return {
    phases: [
      [
        snapshot('nft', 'nft-after'),
        snapshot('iptables', 'iptables-after'),
        snapshot('iptablesLegacy', 'legacy-after'),
        snapshot('ip6tables', 'iptables6'),
        snapshot('ip6tablesLegacy', 'legacy6'),
        snapshot('addresses'),
        snapshot('routes'),
        snapshot('rules'),
        snapshot('counters', 'counters-after'),
        snapshot('conntrack', 'conntrack-after'),
        busiest(scripts),
        snapshot('listeners'),
        {
          id: 'forwarding',
          // No input is in it: the shell is there for the names of the interfaces.
          argv: ['sh', '-c', 'grep -H . /proc/sys/net/ipv4/conf/*/forwarding'],
          display: ['grep', '-H', '.', '/proc/sys/net/ipv4/conf/*/forwarding'],
          timeoutSeconds: 5,
        },
        {
          id: 'rp-filter',
          argv: ['sh', '-c', 'grep -H . /proc/sys/net/ipv4/conf/*/rp_filter'],
          display: ['grep', '-H', '.', '/proc/sys/net/ipv4/conf/*/rp_filter'],
          timeoutSeconds: 5,
        },
        {
          id: 'proxied',
          argv: ['sh', '-c', PROXIED],
          display: ['ip', '-6', 'neigh', 'show', 'proxy'],
          timeoutSeconds: 5,
        },
        ...(published.some(isOnOneAddress) ? [NONLOCAL_BIND] : []),
        ...datagrams(published, 'after'),
        ...tunnels.map((tunnel) => tunnelWay(tunnel, scripts)),
        ...more,
      ],
    ],
  };
}

/** Entries count on interfaces that have the switch; with IPv6 off there is neither. */
const PROXIED = 'ip -j -6 neigh show proxy; grep -H . /proc/sys/net/ipv6/conf/*/proxy_ndp; :';

/** Whether a port is published on one address of the host alone, by which others come. */
export function isOnOneAddress({ hostAddress }: PublishedPort): boolean {
  return !/^(0\.0\.0\.0|::|127\..*|::1)$/.test(hostAddress);
}

/** Whether programs of the host may listen on addresses that it does not have. */
const NONLOCAL_BIND: ProbeCommand = {
  id: 'nonlocal-bind',
  argv: ['cat', '/proc/sys/net/ipv4/ip_nonlocal_bind', '/proc/sys/net/ipv6/ip_nonlocal_bind'],
  timeoutSeconds: 5,
};

/** Another host of an overlay. */
interface Tunnel {
  readonly peer: string;
  /** The largest packet that is sent there. */
  readonly bytes: number;
}

/** Each host once, with the largest packet of all overlays that it is of. */
export function tunnelsOf(networks: readonly DockerNetwork[]): Tunnel[] {
  const largest = new Map<string, number>();
  for (const { tunnel } of networks)
    for (const peer of tunnel?.peers ?? [])
      largest.set(peer, Math.max(tunnel?.bytes ?? 0, largest.get(peer) ?? 0));
  return [...largest].map(([peer, bytes]) => ({ peer, bytes }));
}

export function tunnelWayId(peer: string): string {
  return `tunnel-${peer.replace(/\W/g, '-')}`;
}

/** Sizes of whole packets, to find what is carried where the full size is not: tunnels in tunnels, PPPoE, clouds, and IPv6's least. */
const SMALLER = [1492, 1480, 1460, 1450, 1440, 1420, 1400, 1380, 1350, 1280];

/** Whether packets of the full size get there unfragmented. */
function tunnelWay({ peer, bytes }: Tunnel, scripts: ProbeScripts): ProbeCommand {
  const sizes = [bytes, ...SMALLER.filter((size) => size < bytes)].map(String);
  return {
    id: tunnelWayId(peer),
    argv: ['sh', '-c', scripts.tunnelWay, 'tunnel-way', peer, ...sizes],
    display: ['ping', '-M', 'do', '-s', String(bytes - 28), peer],
    timeoutSeconds: 12,
  };
}

/** What it prints in place of a table that cannot be listed. */
export const NO_TABLE = 'nettools: no table';

/** A host's table is megabytes: it is filtered there. What is looked for is data, and no part of the script. */
const TO_PORTS = `{ conntrack -L -p udp 2>/dev/null || echo '${NO_TABLE}'; } | grep -F -e '${NO_TABLE}' -e "$1"; :`;
/** More are not looked for: a range may be published as a whole. */
const MOST_PORTS = 200;

/** Whom the host's table leads datagrams to that are sent to published ports. */
function datagrams(published: readonly PublishedPort[], stage: 'before' | 'after'): ProbeCommand[] {
  const ports = published.flatMap(({ protocol, hostPort }) => (protocol === 'udp' ? [hostPort] : []));
  const patterns = [...new Set(ports)].slice(0, MOST_PORTS).map((port) => `dport=${port} `);
  if (patterns.length === 0) return [];
  return [
    {
      id: `datagrams-${stage}`,
      argv: ['sh', '-c', TO_PORTS, 'conntrack', patterns.join('\n')],
      display: ['conntrack', '-L', '-p', 'udp'],
      timeoutSeconds: 5,
    },
  ];
}

/** How many connections share an address that the host put in the place of their own, and a destination. */
function busiest({ busiestAddresses }: ProbeScripts): ProbeCommand {
  return {
    id: 'busiest',
    argv: ['sh', '-c', busiestAddresses, 'busiest-addresses'],
    display: ['conntrack', '-L'],
    timeoutSeconds: 5,
  };
}

/** Puts the host's results beside those of the container. */
export function asHostEvidence(results: Evidence): Evidence {
  return Object.fromEntries(
    Object.entries(results).map(([id, result]) => [PREFIX + id, { ...result, id: PREFIX + id }]),
  );
}

/** The host's results under their own ids. */
export function hostEvidence(evidence: Evidence): Readonly<Record<string, ProbeResult>> {
  return Object.fromEntries(
    Object.entries(evidence).flatMap(([id, result]) =>
      id.startsWith(PREFIX) ? [[id.slice(PREFIX.length), result]] : [],
    ),
  );
}
