/** What the latency check asks once it has seen an answer stall, or lead to another port. Pure. */
import type { ProbeScripts } from '../../model/check.ts';
import type { Evidence, ProbeCommand } from '../../model/evidence.ts';
import { smallSegmentProbes } from '../shared/small-segments.ts';
import { hasStalled, type LatencyInput } from './facts.ts';
import { latencyFacts } from './gathered.ts';
import { ledToProbes } from './led-to.ts';

export function followLatency(
  evidence: Evidence,
  input: LatencyInput,
  scripts: ProbeScripts,
): readonly ProbeCommand[] {
  const { paths } = latencyFacts(evidence, input);
  const stalled = paths.flatMap((path) => {
    const { destination, port, http } = path;
    const { url, id } = destination;
    const host = http?.value?.remote;
    return url === undefined || host === undefined || !hasStalled(path)
      ? []
      : [{ id, host, port, question: { kind: 'http', url } as const }];
  });
  return [...smallSegmentProbes(stalled, scripts), ...ledToProbes(paths, scripts)];
}
