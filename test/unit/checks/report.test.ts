import { describe, expect, it } from 'vitest';
import { judge } from '../../../src/checks/report.ts';
import { latencyBundle } from './latency-bundle.ts';

describe('judge', () => {
  it('takes over what the bundle knows of the run', () => {
    expect(judge(latencyBundle('healthy'))).toMatchObject({
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
    const live = latencyBundle('loss', 'slow-server');
    expect(JSON.stringify(judge(JSON.parse(JSON.stringify(live))))).toBe(JSON.stringify(judge(live)));
  });

  it('names the cluster that was chosen in its remedies, of a saved bundle too', () => {
    const live = { ...latencyBundle('bufferbloat'), connection: { context: 'staging' } };
    const judged = JSON.stringify(judge(live));
    expect(judged).toContain('--context staging');
    expect(judged.replaceAll(' --context staging', '')).toBe(
      JSON.stringify(judge(latencyBundle('bufferbloat'))),
    );
    expect(JSON.stringify(judge(JSON.parse(JSON.stringify(live))))).toBe(judged);
  });

  it('has the worst of all checks as its verdict', () => {
    expect(judge(latencyBundle('healthy', 'loss')).verdict).toBe('fail');
    expect(judge(latencyBundle('healthy', 'slow-server')).verdict).toBe('warn');
    expect(judge(latencyBundle()).verdict).toBe('unknown');
  });

  it('does not pass a check that this version does not know', () => {
    const saved = {
      ...latencyBundle(),
      checks: [{ id: 'tomorrow', input: {}, evidence: {}, durationMs: 5 }],
    };
    expect(judge(saved)).toMatchObject({
      verdict: 'unknown',
      checks: [
        { id: 'tomorrow', status: 'error', summary: 'this version has no check "tomorrow"', findings: [] },
      ],
    });
  });
});
