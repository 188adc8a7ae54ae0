/** What is read of the Docker host's own network, before the probes and after them. Pure. */
import type { Evidence, ProbePlan, ProbeResult } from '../../model/evidence.ts';
import { snapshot } from '../shared/snapshots.ts';

/** Begins the ids of the host's results in the evidence of the check. */
const PREFIX = 'host-';

/** Counters of filters before the probes. */
export const HOST_BEFORE: ProbePlan = {
  phases: [
    [
      snapshot('nft', 'nft-before'),
      snapshot('iptables', 'iptables-before'),
      snapshot('iptablesLegacy', 'legacy-before'),
    ],
  ],
};

/** The same after them, and what else decides about packets of containers. */
export const HOST_AFTER: ProbePlan = {
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
    ],
  ],
};

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
