import type { Bundle } from '../../../src/model/bundle.ts';
import { runRecording } from '../../recordings/recordings.ts';

/** A bundle whose checks are recorded runs of the latency check. */
export function latencyBundle(...names: readonly string[]): Bundle {
  return {
    apiVersion: 'nettools/v1',
    kind: 'Bundle',
    format: 1,
    tool: { version: '1.2.3' },
    target: { kind: 'pod', namespace: 'default', name: 'web', node: 'node1', address: '198.18.1.2' },
    startedAt: '2026-01-02T03:04:05.678Z',
    durationMs: 4321,
    checks: names.map((name) => {
      const { evidence, input } = runRecording(name);
      return { id: 'latency', input, evidence, durationMs: 1234 };
    }),
  };
}
