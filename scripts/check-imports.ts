import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { findViolations } from './lib/import-rules.ts';
import { root } from './lib/process.ts';

const violations: string[] = [];
for (const entry of await readdir(path.join(root, 'src'), { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !entry.name.endsWith('.ts') || entry.name.endsWith('.d.ts')) continue;
  const file = path.join(entry.parentPath, entry.name);
  const name = path.relative(root, file).split(path.sep).join('/');
  violations.push(...findViolations(name, await readFile(file, 'utf8')));
}
for (const violation of violations) console.error(violation);
process.exitCode = violations.length === 0 ? 0 : 1;
