import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { packageVersion } from './build/build-info.ts';
import { runChecks } from './check.ts';
import { root, runCommand } from './lib/process.ts';
import { type AllowedSkips, picksByName, unlistedSkips } from './lib/skips.ts';
import { type Tally, tallyVitestReport } from './lib/tally.ts';

// The whole gate: static checks, build, cluster, then every test. Arguments go to vitest (`npm test -- --project e2e`).
// A test that is skipped and is not in test/allowed-skips.json fails the gate, as one that fails does.
// The last line is always the plain count, so that whoever reads only that line knows the result.

const total: Tally = { passed: 0, failed: 0, skipped: 0 };
/** What failed before any test ran: named once more at the end, where it is seen. */
const failedSteps: string[] = [];
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
    if (!picksByName(extra)) forbiddenSkips.push(...unlistedSkips(text, await allowedSkips(), root));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function allowedSkips(): Promise<AllowedSkips> {
  return JSON.parse(await readFile(path.join(root, 'test/allowed-skips.json'), 'utf8')) as AllowedSkips;
}

const checks = await runChecks();
total.passed += checks.passed;
failedSteps.push(...checks.failed);
await prepare('build', ['node', 'scripts/build.ts']);
await prepare('release build', ['node', 'scripts/release/build.ts', `v${await packageVersion()}`]);
await prepare('cluster up', ['node', 'test/cluster/cli.ts', 'up']);
await runVitest(process.argv.slice(2));

total.failed += failedSteps.length + forbiddenSkips.length;
if (failedSteps.length > 0) console.log(`failed besides tests: ${failedSteps.join('; ')}`);
for (const test of forbiddenSkips) console.log(`skipped, and not in test/allowed-skips.json: ${test}`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;
