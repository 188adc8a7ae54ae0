import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { packageVersion } from './build/build-info.ts';
import { runChecks } from './check.ts';
import { root, runCommand } from './lib/process.ts';
import { type AllowedSkips, picksByName, unlistedSkips } from './lib/skips.ts';
import { failures, type Tally, tallyVitestReport } from './lib/tally.ts';

// The whole gate: static checks, build, cluster, then every test. Arguments go to vitest (`npm test -- --project e2e`),
// which then runs those tests alone.
// A test that is skipped and is not in test/allowed-skips.json fails the gate, as one that fails does.
// The last line is always the plain count, so that whoever reads only that line knows the result.

/**
 * What runs at the same time, as vitest's projects: tests of real parts wait for most of their time. Faults of what the
 * machine shares have it alone. While faults break what all pods share, only tests without a cluster run beside them; the
 * others have namespaces of their own.
 */
const PHASES: readonly (readonly (readonly string[])[])[] = [
  [['machine-faults']],
  [['shared-faults'], ['unit'], ['machine', 'release']],
  [['faults'], ['integration', 'e2e', 'own-faults']],
];

const total: Tally = { passed: 0, failed: 0, skipped: 0 };
/** What failed before any test ran: named once more at the end, where it is seen. */
const failedSteps: string[] = [];
/** The tests that failed: likewise. */
const failedTests: string[] = [];
/** What was skipped and may not be: likewise. */
const forbiddenSkips: string[] = [];

function add({ passed, failed, skipped }: Tally): void {
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
}

/** A step that tests depend on: it counts only when it fails, as one failure. */
async function prepare(name: string, command: readonly string[]): Promise<void> {
  console.log(`test: ${name}`);
  if ((await runCommand(command)) !== 0) failedSteps.push(name);
}

async function runVitest(extra: readonly string[]): Promise<void> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'nettools-test-'));
  const report = path.join(folder, 'report.json');
  try {
    const code = await runCommand([
      'vitest',
      'run',
      '--reporter=default',
      '--reporter=json',
      '--reporter=./scripts/lib/second-try.ts',
      `--outputFile.json=${report}`,
      ...extra,
    ]);
    const text = await readFile(report, 'utf8').catch(() => undefined);
    const tally = tallyVitestReport(text);
    // Errors outside any test (an unhandled rejection) fail the run without failing a test.
    if (code !== 0 && tally.failed === 0) tally.failed = 1;
    add(tally);
    failedTests.push(...failures(text, root));
    if (!picksByName(extra)) forbiddenSkips.push(...unlistedSkips(text, await allowedSkips(), root));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function allowedSkips(): Promise<AllowedSkips> {
  return JSON.parse(await readFile(path.join(root, 'test/allowed-skips.json'), 'utf8')) as AllowedSkips;
}

async function prepareBinaries(): Promise<void> {
  const checks = await runChecks();
  total.passed += checks.passed;
  failedSteps.push(...checks.failed);
  await prepare('build', ['node', 'scripts/build.ts']);
  await prepare('release build', ['node', 'scripts/release/build.ts', `v${await packageVersion()}`]);
}

await Promise.all([prepareBinaries(), prepare('cluster up', ['node', 'test/cluster/cli.ts', 'up'])]);
const args = process.argv.slice(2);
if (args.length > 0) await runVitest(args);
else {
  for (const lanes of PHASES) {
    await Promise.all(lanes.map((names) => runVitest(names.flatMap((name) => ['--project', name]))));
  }
}

total.failed += failedSteps.length + forbiddenSkips.length;
if (failedSteps.length > 0) console.log(`failed besides tests: ${failedSteps.join('; ')}`);
for (const test of failedTests) console.log(`failed: ${test}`);
for (const test of forbiddenSkips) console.log(`skipped, and not in test/allowed-skips.json: ${test}`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;
