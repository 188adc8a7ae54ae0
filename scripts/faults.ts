/**
 * Runs the fault suite and writes docs/faults.md from what it has seen, when every test passed.
 *
 *   npm run faults                    the whole suite, on the embedded cluster
 *   node scripts/faults.ts ROWS       only the page, from the file that NETTOOLS_FAULT_ROWS named in an earlier run
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { faultsPage, parseRows } from './generate/faults-page.ts';
import { root, runCommand } from './lib/process.ts';

async function writePage(rowsFile: string): Promise<void> {
  const rows = parseRows(await readFile(rowsFile, 'utf8'));
  await writeFile(path.join(root, 'docs/faults.md'), faultsPage(rows));
  console.log(`wrote docs/faults.md: ${rows.length} faults`);
}

async function runSuite(): Promise<number> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'nettools-faults-'));
  const rowsFile = path.join(folder, 'rows');
  try {
    for (const command of [
      ['node', 'scripts/build.ts'],
      ['node', 'test/cluster/cli.ts', 'up'],
      ['vitest', 'run', '--project', 'faults'],
    ]) {
      const code = await runCommand(command, { NETTOOLS_FAULT_ROWS: rowsFile });
      if (code !== 0) return code;
    }
    await writePage(rowsFile);
    return 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const [rowsFile] = process.argv.slice(2);
if (rowsFile === undefined) process.exitCode = await runSuite();
else await writePage(rowsFile);
