import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { deadLinks } from './lib/links.ts';
import { root } from './lib/process.ts';

// Pages that people read; recordings and expected outputs of tests are none.
const pages = execFileSync('git', ['ls-files', '*.md', ':!test'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((page) => page !== '');

function read(file: string): string | undefined {
  const stat = statSync(path.join(root, file), { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  return stat.isDirectory() ? '' : readFileSync(path.join(root, file), 'utf8');
}

let dead = 0;
for (const page of pages) {
  for (const { line, target } of deadLinks(page, read)) {
    console.error(`${page}:${line}: ${target} leads nowhere`);
    dead++;
  }
}
process.exitCode = dead === 0 ? 0 : 1;
