import { describe, expect, it } from 'vitest';
import { tallyVitestReport } from '../../../scripts/lib/tally.ts';

const report = (testResults: unknown) => JSON.stringify({ testResults });

describe('tallyVitestReport', () => {
  it('counts passed, failed and all that did not run', () => {
    const assertionResults = ['passed', 'passed', 'failed', 'skipped', 'pending', 'todo'].map((status) => ({
      status,
    }));
    expect(tallyVitestReport(report([{ status: 'failed', assertionResults }]))).toEqual({
      passed: 2,
      failed: 1,
      skipped: 3,
    });
  });

  it('counts a test file that could not be loaded as one failure', () => {
    expect(tallyVitestReport(report([{ status: 'failed', assertionResults: [] }])).failed).toBe(1);
  });

  it.each([undefined, '', '{"tests":'])('counts a missing or broken report as one failure: %s', (text) => {
    expect(tallyVitestReport(text)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});
