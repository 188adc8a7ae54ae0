import path from 'node:path';
import { testFiles } from './tally.ts';

/** By test file, or by `FILE > full name of the test`: why it may be skipped. */
export type AllowedSkips = Readonly<Record<string, string>>;

/**
 * The tests of vitest's JSON report that did not run, and that nobody allowed not to run, as `FILE > full name`.
 * An entry that nothing was skipped for is not a fault: machines differ.
 * @param root the folder that the files of `allowed` are relative to
 */
export function unlistedSkips(report: string | undefined, allowed: AllowedSkips, root: string): string[] {
  return (testFiles(report) ?? []).flatMap(({ name, assertionResults }) => {
    const file = path.relative(root, name).split(path.sep).join('/');
    return assertionResults
      .filter(({ status }) => status !== 'passed' && status !== 'failed')
      .map(({ fullName }) => `${file} > ${fullName}`)
      .filter((test) => !Object.hasOwn(allowed, file) && !Object.hasOwn(allowed, test));
  });
}

/** Whether these arguments of vitest's pick tests by their names: all others are skipped then, as was asked for. */
export function picksByName(args: readonly string[]): boolean {
  return args.some(
    (arg) => arg === '-t' || /^--?(t|testNamePattern)=/.test(arg) || arg === '--testNamePattern',
  );
}
