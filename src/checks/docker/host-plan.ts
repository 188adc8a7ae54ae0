/** What is read of the Docker host's own network, before the probes and after them. Pure. */

import type { PublishedPort } from '../../model/docker-ports.ts';
import type { Evidence, ProbeCommand, ProbePlan, ProbeResult } from '../../model/evidence.ts';
import { snapshot } from '../shared/snapshots.ts';

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
        ...datagrams(published, 'before'),
      ],
    ],
  };
}

/** The same after them, and what else decides about packets of containers. */
export function hostAfter(published: readonly PublishedPort[]): ProbePlan {
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
        snapshot('listeners'),
        {
          id: 'forwarding',
          // No input is in it: the shell is there for the names of the interfaces.
          argv: ['sh', '-c', 'grep -H . /proc/sys/net/ipv4/conf/*/forwarding'],
          display: ['grep', '-H', '.', '/proc/sys/net/ipv4/conf/*/forwarding'],
          timeoutSeconds: 5,
        },
        ...datagrams(published, 'after'),
      ],
    ],
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
