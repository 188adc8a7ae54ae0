/**
 * Runs the fault suite and writes docs/faults.md from what it has seen, when every test passed.
 *
 *   npm run faults                    the whole suite, on the embedded cluster
 *   npm run faults -- arp dns         test/faults/arp.test.ts and dns.test.ts; what the page has of others stays
 *   node scripts/faults.ts --rows F   only the page, from the file that NETTOOLS_FAULT_ROWS named in an earlier run
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { faultsPage, parseRows, rowsOfPage } from './generate/faults-page.ts';
import { root, runCommand } from './lib/process.ts';

const page = path.join(root, 'docs/faults.md');

/** @param isWhole what was not run is gone */
async function writePage(rowsFile: string, isWhole: boolean): Promise<void> {
  const rows = parseRows(await readFile(rowsFile, 'utf8'));
  const suites = new Set(rows.map(({ suite }) => suite));
  const earlier = isWhole ? [] : rowsOfPage(await readFile(page, 'utf8').catch(() => ''));
  const all = [...earlier.filter(({ suite }) => !suites.has(suite)), ...rows];
  await writeFile(page, faultsPage(all));
  console.log(`wrote docs/faults.md: ${all.length} faults`);
}

async function runSuite(suites: readonly string[]): Promise<number> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'nettools-faults-'));
  const rowsFile = path.join(folder, 'rows');
  const files = suites.map((suite) => `test/faults/${suite}.test.ts`);
  try {
    for (const command of [
      ['node', 'scripts/build.ts'],
      ['node', 'test/cluster/cli.ts', 'up'],
      [
        'vitest',
        'run',
        '--project',
        'faults',
        '--project',
        'machine-faults',
        '--project',
        'shared-faults',
        '--project',
        'own-faults',
        '--no-file-parallelism',
        ...files,
      ],
    ]) {
      const code = await runCommand(command, { NETTOOLS_FAULT_ROWS: rowsFile });
      if (code !== 0) return code;
    }
    await writePage(rowsFile, suites.length === 0);
    return 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const { values, positionals } = parseArgs({
  options: { rows: { type: 'string' } },
  allowPositionals: true,
});
if (values.rows === undefined) process.exitCode = await runSuite(positionals);
else await writePage(values.rows, false);
