import path from 'node:path';

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

/** A test file in vitest's JSON report; `name` is its whole path, a `message` why it could not be loaded. */
export interface TestFile {
  readonly name: string;
  readonly status: string;
  readonly message?: string;
  readonly assertionResults: ReadonlyArray<{
    readonly status: string;
    readonly fullName: string;
    readonly failureMessages?: readonly string[];
  }>;
}

/**
 * What failed in vitest's JSON report, as `FILE > full name: first line of why`: who reads only the end of a long
 * output finds it there.
 * @param root the folder that the files are told relative to
 */
export function failures(text: string | undefined, root: string): string[] {
  return (testFiles(text) ?? []).flatMap(({ name, status, message, assertionResults }) => {
    const file = path.relative(root, name).split(path.sep).join('/');
    const failed = assertionResults.filter((test) => test.status === 'failed');
    if (failed.length > 0) {
      return failed.map((test) => `${file} > ${test.fullName}${why(test.failureMessages?.[0])}`);
    }
    return status === 'failed' ? [`${file}${why(message)}`] : [];
  });
}

function why(message: string | undefined): string {
  const line = (message ?? '').trim().split('\n', 1)[0] ?? '';
  return line === '' ? '' : `: ${line.slice(0, 400)}`;
}

/** The files of a JSON report of vitest's; `undefined`: it is none. */
export function testFiles(text: string | undefined): readonly TestFile[] | undefined {
  try {
    return (JSON.parse(text ?? '') as { testResults?: TestFile[] }).testResults;
  } catch {
    return undefined;
  }
}
