import { describe, expect, it } from 'vitest';
import { failures, tallyVitestReport } from '../../../scripts/lib/tally.ts';

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

describe('failures', () => {
  it('names each test that failed and the first line of why', () => {
    const assertionResults = [
      { status: 'passed', fullName: 'a' },
      { status: 'failed', fullName: 'b c', failureMessages: ['Error: no\n  at x', 'again'] },
      { status: 'failed', fullName: 'd' },
    ];
    expect(
      failures(report([{ name: '/r/test/x.test.ts', status: 'failed', assertionResults }]), '/r'),
    ).toEqual(['test/x.test.ts > b c: Error: no', 'test/x.test.ts > d']);
  });

  it('names a file that could not be loaded, and none of a good report', () => {
    const file = { name: '/r/x.test.ts', assertionResults: [] };
    expect(failures(report([{ ...file, status: 'failed', message: 'Cannot find y' }]), '/r')).toEqual([
      'x.test.ts: Cannot find y',
    ]);
    expect(failures(report([{ ...file, status: 'passed', message: '' }]), '/r')).toEqual([]);
  });
});
