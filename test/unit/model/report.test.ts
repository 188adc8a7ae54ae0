import { describe, expect, it } from 'vitest';
import { atLeast, type CheckStatus, type Severity, statusOf, verdictOf } from '../../../src/model/report.ts';

const severities: readonly Severity[] = ['info', 'warning', 'critical'];
const findings = (...of: readonly Severity[]) =>
  of.map((severity) => ({
    id: 'NT-LAT-001',
    severity,
    title: 't',
    summary: 's',
    evidence: [],
    remediation: 'r',
  }));
const checks = (...of: readonly CheckStatus[]) =>
  of.map((status) => ({ id: 'x', status, summary: 's', durationMs: 1, measurements: {}, findings: [] }));

describe('atLeast', () => {
  it('orders severities', () => {
    for (const [i, a] of severities.entries()) {
      for (const [j, b] of severities.entries()) expect(atLeast(a, b), `${a} at least ${b}`).toBe(i >= j);
    }
  });
});

describe('statusOf', () => {
  it.each([
    [[], 'pass'],
    [['info'], 'pass'],
    [['info', 'warning'], 'warn'],
    [['warning', 'critical', 'info'], 'fail'],
  ] as const)('%j is %s', (of, status) => {
    expect(statusOf(findings(...of))).toBe(status);
  });
});

describe('verdictOf', () => {
  it.each([
    [[], 'unknown'],
    [['pass'], 'pass'],
    [['pass', 'skip'], 'pass'],
    [['skip', 'skip'], 'unknown'],
    [['pass', 'error'], 'unknown'],
    [['error', 'warn'], 'warn'],
    [['warn', 'fail', 'error', 'pass'], 'fail'],
  ] as const)('of %j is %s: never a pass where something could not be measured', (of, verdict) => {
    expect(verdictOf(checks(...of))).toBe(verdict);
  });
});
