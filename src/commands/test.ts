/** `test -f FILE`: expectations, each source opened once, and a diagnosis of what is not as expected. */
import { setTimeout } from 'node:timers/promises';
import { interruptible } from '../console/interrupt.ts';
import { print, printDocument } from '../console/print-report.ts';
import { type ProgressLine, withProgress } from '../console/progress.ts';
import { keepHeapSmall } from '../console/small-heap.ts';
import type { PushTarget } from '../model/exposition.ts';
import type { NetworkTestFile, NetworkTestReport } from '../model/network-test.ts';
import type { TestArgs, TestFormat } from '../model/test-args.ts';
import { version } from '../model/version.ts';
import { sharing } from '../open/connect.ts';
import { withDeadline } from '../open/deadline.ts';
import type { Finding } from '../open/endpoints.ts';
import { withUserErrors } from '../open/failures.ts';
import { planText } from '../report/test-plan.ts';
import { countsText } from '../report/test-words.ts';
import { renderTests } from '../report/tests.ts';
import { refuseTooMany } from './chosen-targets.ts';
import { pushText } from './push-report.ts';
import { type Cases, casesOf } from './test-cases.ts';
import { readNetworkTests } from './test-files.ts';
import { planOf } from './test-plan.ts';
import { measure } from './test-run.ts';

/** Resolves to the exit code: 0 all are met, 1 one is not, 3 one could not be measured or proven. */
export async function runTests(args: TestArgs): Promise<number> {
  keepHeapSmall();
  // What is wrong with a file is said before the cluster is asked anything.
  const files = readNetworkTests(args);
  return interruptible((signal) =>
    withUserErrors(async () => {
      if (args.isPlan) return printPlan(args, files, signal);
      const report = await withProgress((progress) => reportOf(args, files, signal, progress));
      await print(await testsText(report, args.output));
      signal.throwIfAborted();
      const code = { pass: 0, fail: 1, unknown: 3 }[report.verdict];
      return args.push === undefined ? code : pushed(report, args.push, code);
    }),
  );
}

async function testsText(report: NetworkTestReport, format: TestFormat): Promise<string> {
  if (format === 'openmetrics')
    return (await import('../console/late-formats.ts')).testMetrics(report, format);
  const { stdout, env } = process;
  const colour = stdout.isTTY === true && !env['NO_COLOR'];
  return renderTests(report, format, { colour, width: stdout.columns ?? 100 });
}

async function pushed(report: NetworkTestReport, target: PushTarget, code: number): Promise<number> {
  const { testMetrics } = await import('../console/late-formats.ts');
  return pushText(target, testMetrics(report, 'text'), code);
}

/** How long to wait before all is measured again, in ms: what is waited for takes seconds. */
const PAUSE_MS = 1000;

/** Measures until all is met, or until the time for that is over: what a policy says takes a while to be so. */
async function reportOf(
  args: TestArgs,
  files: readonly NetworkTestFile[],
  signal: AbortSignal,
  progress: ProgressLine,
): Promise<NetworkTestReport> {
  const startedAt = new Date().toISOString();
  const began = performance.now();
  for (let tries = 1; ; tries++) {
    // Each time with what the API says then.
    const { finding, found } = await find(args, files, signal, progress);
    const results = await measure(found, args, finding, progress);
    const report = reportIn(results, { startedAt, tries, durationMs: Math.round(performance.now() - began) });
    const isOver = performance.now() - began + PAUSE_MS >= args.retryForMs;
    if (report.verdict === 'pass' || isOver || signal.aborted) return report;
    progress.show(`${countsText(report)}; measuring again`);
    await setTimeout(PAUSE_MS);
  }
}

function reportIn(
  results: NetworkTestReport['results'],
  head: Pick<NetworkTestReport, 'startedAt' | 'tries' | 'durationMs'>,
): NetworkTestReport {
  const count = (wanted: string): number => results.filter(({ outcome }) => outcome === wanted).length;
  const counts = {
    met: count('met'),
    failed: count('failed'),
    notProven: count('notProven'),
    unknown: count('unknown'),
  };
  return {
    apiVersion: 'nettools/v1',
    kind: 'NetworkTestReport',
    tool: { version },
    startedAt: head.startedAt,
    durationMs: head.durationMs,
    verdict: verdictOf(counts),
    counts,
    tries: head.tries,
    results,
  };
}

function verdictOf({
  met,
  failed,
  notProven,
  unknown,
}: NetworkTestReport['counts']): NetworkTestReport['verdict'] {
  if (failed > 0) return 'fail';
  return met > 0 && notProven + unknown === 0 ? 'pass' : 'unknown';
}

/** @throws {UserError} exit 2: more sources than the user has agreed to */
async function find(
  args: TestArgs,
  files: readonly NetworkTestFile[],
  signal: AbortSignal,
  progress: ProgressLine,
): Promise<{ readonly finding: Finding; readonly found: Cases }> {
  const { connection, session, limits, targetOf } = args;
  const shared = sharing(connection, signal);
  const found = await withDeadline(session, signal, progress, (deadline) => {
    deadline.progress.show('looking for sources and destinations');
    return casesOf(files, args, { connection, shared, signal: deadline.signal, targetOf });
  });
  refuseTooMany(
    found.sources.map(({ surveyed }) => surveyed.target),
    limits,
  );
  return { found, finding: { connection, shared, signal, targetOf } };
}

async function printPlan(
  args: TestArgs,
  files: readonly NetworkTestFile[],
  signal: AbortSignal,
): Promise<number> {
  const plan = await withProgress(async (progress) => {
    const { found } = await find(args, files, signal, progress);
    return planOf(found, args, signal);
  });
  const { output } = args;
  if (output === 'json' || output === 'yaml') await printDocument(plan, output);
  else await print(planText(plan));
  return plan.problems.length > 0 ? 3 : 0;
}
