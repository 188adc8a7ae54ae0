/** The addresses that stand for one name: each is tried, since a program gets now one of them, now another. Pure. */
import type { ProbeScripts } from '../../model/check.ts';
import type { Evidence, ProbeCommand } from '../../model/evidence.ts';
import { reachOf, reachProbe } from '../shared/reach-probe.ts';
import type { DockerHolder, DockerInput, TriedHolder } from './facts.ts';

function destinationOf({ destinations }: DockerInput, { destination, id, address }: DockerHolder) {
  const asked = destinations.find(({ label }) => label === destination);
  return asked && { ...asked, id, host: address };
}

export function holderProbes(input: DockerInput, scripts: ProbeScripts): ProbeCommand[] {
  return (input.holders ?? []).flatMap((holder) => {
    const destination = destinationOf(input, holder);
    return destination ? [reachProbe(destination, scripts, false)] : [];
  });
}

export function triedHolders(evidence: Evidence, input: DockerInput): TriedHolder[] {
  return (input.holders ?? []).flatMap((holder) => {
    const destination = destinationOf(input, holder);
    if (!destination) return [];
    const result = evidence[`${holder.id}-reach`];
    return [{ holder, destination, reach: reachOf(result), result }];
  });
}
