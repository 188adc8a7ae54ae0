/** Counts of tests. */
export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Sums up vitest's JSON report. A test file that could not be loaded has no tests in the report: it counts as one
 * failure, and so does a report that is missing or unreadable.
 */
export function tallyVitestReport(text: string | undefined): Tally {
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  const files = testFiles(text);
  if (files === undefined) return { ...tally, failed: 1 };
  for (const file of files) {
    const before = tally.failed;
    for (const { status } of file.assertionResults) {
      if (status === 'passed') tally.passed += 1;
      else if (status === 'failed') tally.failed += 1;
      else tally.skipped += 1;
    }
    if (file.status === 'failed' && tally.failed === before) tally.failed += 1;
  }
  return tally;
}

/** A test file in vitest's JSON report; `name` is its whole path. */
export interface TestFile {
  readonly name: string;
  readonly status: string;
  readonly assertionResults: ReadonlyArray<{ readonly status: string; readonly fullName: string }>;
}

/** The files of a JSON report of vitest's; `undefined`: it is none. */
export function testFiles(text: string | undefined): readonly TestFile[] | undefined {
  try {
    return (JSON.parse(text ?? '') as { testResults?: TestFile[] }).testResults;
  } catch {
    return undefined;
  }
}
