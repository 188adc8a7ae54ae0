import { describe, expect, it } from 'vitest';
import { judge } from '../../../src/checks/report.ts';
import type { Bundle } from '../../../src/model/bundle.ts';
import { runRecording } from '../../recordings/recordings.ts';

function bundle(...names: readonly string[]): Bundle {
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

describe('judge', () => {
  it('takes over what the bundle knows of the run', () => {
    expect(judge(bundle('healthy'))).toMatchObject({
      apiVersion: 'nettools/v1',
      kind: 'Report',
      tool: { version: '1.2.3' },
      target: { name: 'web' },
      startedAt: '2026-01-02T03:04:05.678Z',
      durationMs: 4321,
      verdict: 'pass',
      checks: [{ id: 'latency', status: 'pass', durationMs: 1234 }],
    });
  });

  it('gives the same report of a bundle that was saved, byte for byte', () => {
    const live = bundle('loss', 'slow-server');
    expect(JSON.stringify(judge(JSON.parse(JSON.stringify(live))))).toBe(JSON.stringify(judge(live)));
  });

  it('names the cluster that was chosen in its remedies, of a saved bundle too', () => {
    const live = { ...bundle('bufferbloat'), connection: { context: 'staging' } };
    const judged = JSON.stringify(judge(live));
    expect(judged).toContain('--context staging');
    expect(judged.replaceAll(' --context staging', '')).toBe(JSON.stringify(judge(bundle('bufferbloat'))));
    expect(JSON.stringify(judge(JSON.parse(JSON.stringify(live))))).toBe(judged);
  });

  it('has the worst of all checks as its verdict', () => {
    expect(judge(bundle('healthy', 'loss')).verdict).toBe('fail');
    expect(judge(bundle('healthy', 'slow-server')).verdict).toBe('warn');
    expect(judge(bundle()).verdict).toBe('unknown');
  });

  it('does not pass a check that this version does not know', () => {
    const saved = { ...bundle(), checks: [{ id: 'tomorrow', input: {}, evidence: {}, durationMs: 5 }] };
    expect(judge(saved)).toMatchObject({
      verdict: 'unknown',
      checks: [
        { id: 'tomorrow', status: 'error', summary: 'this version has no check "tomorrow"', findings: [] },
      ],
    });
  });
});
