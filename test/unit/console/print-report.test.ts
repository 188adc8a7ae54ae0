import { describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../../src/console/print-report.ts';
import {
  type CheckStatus,
  type Finding,
  type Report,
  type Severity,
  verdictOf,
} from '../../../src/model/report.ts';

const finding = (severity: Severity): Finding => ({
  id: 'NT-LAT-001',
  severity,
  title: 't',
  summary: 's',
  evidence: [],
  remediation: 'r',
});

function report(
  ...checks: readonly { readonly status: CheckStatus; readonly severities?: readonly Severity[] }[]
): Report {
  const results = checks.map(({ status, severities = [] }) => ({
    id: 'latency',
    status,
    summary: 's',
    durationMs: 1,
    measurements: {},
    findings: severities.map(finding),
  }));
  return {
    apiVersion: 'nettools/v1',
    kind: 'Report',
    tool: { version: '1' },
    target: { kind: 'pod', namespace: 'n', name: 'p', node: '', address: '' },
    startedAt: '2026-01-02T03:04:05.678Z',
    durationMs: 1,
    verdict: verdictOf(results),
    checks: results,
  };
}

describe('exitCodeOf', () => {
  it.each([
    { severity: 'critical', critical: 1, warning: 1, info: 1 },
    { severity: 'warning', critical: 0, warning: 1, info: 1 },
    { severity: 'info', critical: 0, warning: 0, info: 1 },
  ] as const)('is 1 for $severity at or above the threshold', ({ severity, ...codes }) => {
    const status = ({ critical: 'fail', warning: 'warn', info: 'pass' } as const)[severity];
    for (const failOn of ['critical', 'warning', 'info'] as const) {
      expect(exitCodeOf(report({ status, severities: [severity] }), failOn), failOn).toBe(codes[failOn]);
    }
  });

  it('is 0 for a pass', () => {
    expect(exitCodeOf(report({ status: 'pass' }), 'info')).toBe(0);
    expect(exitCodeOf(report({ status: 'pass' }, { status: 'skip' }), 'info')).toBe(0);
  });

  it('is 3 when something could not be measured', () => {
    expect(exitCodeOf(report({ status: 'error' }), 'critical')).toBe(3);
    expect(exitCodeOf(report({ status: 'pass' }, { status: 'error' }), 'critical')).toBe(3);
    expect(exitCodeOf(report({ status: 'skip' }), 'critical')).toBe(3);
    expect(exitCodeOf(report(), 'critical')).toBe(3);
  });

  it('is 1 when something is wrong and something else could not be measured', () => {
    expect(
      exitCodeOf(report({ status: 'error' }, { status: 'fail', severities: ['critical'] }), 'critical'),
    ).toBe(1);
  });
});
