/** What the tls check asks once it has seen a handshake stall. Pure. */
import type { ProbeScripts } from '../../model/check.ts';
import type { Evidence, ProbeCommand } from '../../model/evidence.ts';
import { smallSegmentProbes } from '../shared/small-segments.ts';
import type { TlsInput } from './facts.ts';
import { pathsOf } from './gathered.ts';

export function followTls(
  evidence: Evidence,
  input: TlsInput,
  scripts: ProbeScripts,
): readonly ProbeCommand[] {
  const { starttls } = input;
  const stalled = pathsOf(evidence, input).flatMap(({ server: { destination, sni }, answer: { value } }) => {
    const { id, host, port } = destination;
    return value?.isConnected && value.failure === 'no-answer' && !value.takesSmallHello
      ? [{ id, host, port, question: { kind: 'tls', starttls, sni } as const }]
      : [];
  });
  return smallSegmentProbes(stalled, scripts);
}
