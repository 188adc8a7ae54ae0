/** Expectations as metrics. */
import { describe, expect, it } from 'vitest';
import type { NetworkTestReport, TestOutcome, TestResult } from '../../../../src/model/network-test.ts';
import { renderTestMetrics } from '../../../../src/report/metrics/tests.ts';

function text(results: readonly (readonly [string, TestOutcome])[]): string {
  const count = (outcome: TestOutcome): number => results.filter(([, own]) => own === outcome).length;
  const report: NetworkTestReport = {
    apiVersion: 'nettools/v1',
    kind: 'NetworkTestReport',
    tool: { version: '1' },
    startedAt: '2026-01-02T03:04:05.000Z',
    durationMs: 10,
    verdict: 'fail',
    tries: 1,
    counts: {
      met: count('met'),
      failed: count('failed'),
      notProven: count('notProven'),
      unknown: count('unknown'),
    },
    results: results.map(
      ([name, outcome], at): TestResult => ({
        file: 'shop.yaml',
        number: at + 1,
        line: 1,
        name,
        written: name,
        from: 'pod/web-0 in shop',
        to: 'svc/db:5432',
        outcome,
        summary: '',
        assertions: [],
        findings: [],
      }),
    ),
  };
  return renderTestMetrics(report, { secondsOf: (time) => Date.parse(time) / 1000, format: 'text' });
}

const met = (name: string): string =>
  `nettools_test_expectation_met{test="${name}",source="pod/web-0 in shop",destination="svc/db:5432"}`;

describe('the metrics of expectations', () => {
  it('say of each whether it was met, and nothing where nobody knows', () => {
    const seen = text([
      ['a', 'met'],
      ['b', 'failed'],
      ['c', 'unknown'],
      ['d', 'notProven'],
    ]);
    expect(seen).toContain(`${met('a')} 1`);
    expect(seen).toContain(`${met('b')} 0`);
    expect(seen).not.toContain(met('c'));
    expect(seen).not.toContain(met('d'));
    for (const outcome of ['met', 'failed', 'not_proven', 'unknown'])
      expect(seen).toContain(`nettools_test_expectations{outcome="${outcome}"} 1`);
  });

  it.each([
    [['met', 'failed'], ' 0'],
    [['met', 'met'], ' 1'],
    [['failed', 'unknown'], ' 0'],
  ] as const)('of two that nobody tells apart, %j, have the worse', (outcomes, value) => {
    const seen = text(outcomes.map((outcome) => ['a', outcome] as const));
    expect(seen.split('\n').filter((line) => line.startsWith(met('a')))).toEqual([`${met('a')}${value}`]);
  });

  it('of a met and an unknown one have none', () => {
    expect(
      text([
        ['a', 'met'],
        ['a', 'unknown'],
      ]),
    ).not.toContain(met('a'));
  });

  it('are bounded', () => {
    const seen = text(Array.from({ length: 250 }, (_, i) => [`t${i}`, 'met'] as const));
    expect(seen.match(/nettools_test_expectation_met\{/g)?.length).toBe(200);
    expect(seen).toContain('nettools_test_expectations_left_out 50');
  });
});
