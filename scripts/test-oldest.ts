import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { root, runCommand } from './lib/process.ts';
import { tallyVitestReport } from './lib/tally.ts';

// The core of the suite on the oldest Kubernetes that the docs name, from the same harness. It runs in a copy of the
// work tree whose Kubernetes module is the old one: all else, the cluster's names too, stays as it is, so the cluster
// of the newest version is taken down for it and comes up again with the next `npm run cluster:up`.

/** What differs between versions of Kubernetes: sessions, exec, rights, admission, connections. */
const core = [
  'test/e2e/run.test.ts',
  'test/e2e/shell.test.ts',
  'test/e2e/session.test.ts',
  'test/e2e/profiles.test.ts',
  'test/e2e/rights.test.ts',
  'test/e2e/connection.test.ts',
  'test/e2e/errors.test.ts',
  'test/e2e/images.test.ts',
  'test/e2e/private-registry.test.ts',
  'test/e2e/latency.test.ts',
  'test/integration/exec/stream.test.ts',
];

/** The work tree as it is now, without what Git ignores. */
async function copyWorkTree(target: string): Promise<void> {
  const list = await promisify(execFile)('git', ['ls-files', '-z', '-co', '--exclude-standard'], {
    cwd: root,
    maxBuffer: 2 ** 26,
  });
  for (const file of list.stdout.split('\0').filter((name) => name !== '')) {
    // What is deleted and not committed yet is listed all the same.
    await cp(path.join(root, file), path.join(target, file), { recursive: true }).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    });
  }
  await symlink(path.join(root, 'node_modules'), path.join(target, 'node_modules'));
  const modules = path.join(target, 'test/cluster/modules');
  await cp(path.join(modules, 'kubernetes-oldest'), path.join(modules, 'kubernetes'), { recursive: true });
}

const copy = await mkdtemp(path.join(os.tmpdir(), 'nettools-oldest-'));
const report = path.join(copy, 'report.json');
/** Runs a command in the copy. */
const inCopy = (...command: readonly string[]): Promise<number> =>
  runCommand(['env', '-C', copy, ...command]);
let isUp = false;
try {
  await copyWorkTree(copy);
  if ((await inCopy('node', 'scripts/build.ts')) !== 0) throw new Error('the build failed');
  isUp = true;
  if ((await inCopy('node', 'test/cluster/cli.ts', 'up')) !== 0)
    throw new Error('the cluster did not come up');
  const files = process.argv.length > 2 ? process.argv.slice(2) : core;
  const code = await inCopy(
    'vitest',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...files,
  );
  const { passed, failed, skipped } = tallyVitestReport(
    await readFile(report, 'utf8').catch(() => undefined),
  );
  console.log(`oldest: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.exitCode = code === 0 && failed === 0 ? 0 : 1;
} finally {
  // Nothing of the old cluster may be left for the other to find.
  if (isUp) await inCopy('node', 'test/cluster/cli.ts', 'down');
  await rm(copy, { recursive: true, force: true });
}
