/** The result of expectations as metrics. Pure. */
import type { NetworkTestReport, TestResult } from '../../model/network-test.ts';
import { Families, type Labels } from './families.ts';
import { type MetricsOptions, ofRun } from './reports.ts';

/** Of more expectations than these only their number is exported. */
const MOST_EXPECTATIONS = 200;

/** Ends with a newline. */
export function renderTestMetrics(
  report: NetworkTestReport,
  options: Pick<MetricsOptions, 'secondsOf' | 'format'>,
): string {
  const families = new Families();
  ofRun(report, families, options);
  const { met, failed, notProven, unknown } = report.counts;
  for (const [outcome, count] of Object.entries({ met, failed, not_proven: notProven, unknown }))
    families.add('test_expectations', { outcome }, count);
  const all = merged(report.results);
  for (const { labels, outcomes } of all.slice(0, MOST_EXPECTATIONS)) {
    const isFailed = outcomes.includes('failed');
    // What was not measured is neither met nor not: it has no sample.
    if (isFailed || outcomes.every((outcome) => outcome === 'met'))
      families.add('test_expectation_met', labels, Number(!isFailed));
  }
  families.add('test_expectations_left_out', {}, Math.max(0, all.length - MOST_EXPECTATIONS));
  return families.text(options.format);
}

interface Merged {
  readonly labels: Labels;
  readonly outcomes: TestResult['outcome'][];
}

/** Two that nobody can tell apart are one series: the worse of both. */
function merged(results: readonly TestResult[]): readonly Merged[] {
  const all = new Map<string, Merged>();
  for (const { written, from, to, dns, outcome } of results) {
    const destination = to ?? dns;
    const labels = { test: written, source: from, ...(destination === undefined ? {} : { destination }) };
    const key = JSON.stringify(labels);
    const known: Merged = all.get(key) ?? { labels, outcomes: [] };
    known.outcomes.push(outcome);
    all.set(key, known);
  }
  return [...all.values()];
}
