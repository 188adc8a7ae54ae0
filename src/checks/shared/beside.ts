/** Other network namespaces of the machine that a target is on, as far as this user may enter them. Pure. */
import type { ProbeScripts } from '../../model/check.ts';
import type { ProbeCommand } from '../../model/evidence.ts';

/** Who may have other namespaces of the same machine beside it: what belongs to no cluster and no engine. */
export interface Placed {
  readonly cluster?: unknown;
  readonly docker?: unknown;
  readonly pod?: unknown;
}

/** The tool's own commands run on the machine itself, so that they may enter its namespaces. */
export function isOnThisMachine({ cluster, docker, pod }: Placed): boolean {
  return cluster === undefined && docker === undefined && pod === undefined;
}

/** One pass over the processes of the machine, and 3 s for each namespace at the most; most take some milliseconds. */
const LIMIT_SECONDS = 10;

/** Asks for the namespace that has an address and answers ARP for it with this MAC address. */
export function holderProbe(id: string, address: string, mac: string, scripts: ProbeScripts): ProbeCommand {
  return probe(id, ['holder', address, mac], scripts);
}

/** Asks for the namespace that has the other end of a veth of the target. */
export function peerProbe(
  id: string,
  [device, gateway, own]: readonly [device: string, gateway: string, own: string],
  scripts: ProbeScripts,
): ProbeCommand {
  return probe(id, ['peer', device, gateway, own], scripts);
}

function probe(id: string, words: readonly string[], { beside }: ProbeScripts): ProbeCommand {
  return {
    id,
    argv: ['sh', '-c', beside, 'beside', ...words],
    timeoutSeconds: LIMIT_SECONDS,
    display: ['beside', ...words],
  };
}

/** As a person names it: `the network namespace blue`, or by the file that stands for it. */
export function namespaceName(path: string): string {
  const name = /^\/(?:var\/)?run\/netns\/([^/]+)$/.exec(path)?.[1];
  return `the network namespace ${name ?? path}`;
}
