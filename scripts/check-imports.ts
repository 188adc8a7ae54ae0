import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { findCircles } from './lib/import-circles.ts';
import { findViolations, relativeImports } from './lib/import-rules.ts';
import { root } from './lib/process.ts';

/** Every TypeScript file below a folder, from the root of the work tree; not what the cluster keeps in test/cluster/.state. */
async function* sources(folder: string): AsyncGenerator<string> {
  for (const entry of await readdir(path.join(root, folder), { withFileTypes: true })) {
    const name = `${folder}/${entry.name}`;
    if (entry.isDirectory() && !entry.name.startsWith('.')) yield* sources(name);
    else if (entry.isFile() && name.endsWith('.ts') && !name.endsWith('.d.ts')) yield name;
  }
}

const violations: string[] = [];
const graph = new Map<string, readonly string[]>();
for (const folder of ['src', 'scripts', 'test']) {
  for await (const file of sources(folder)) {
    const text = await readFile(path.join(root, file), 'utf8');
    violations.push(...findViolations(file, text));
    graph.set(
      file,
      relativeImports(file, text).map(({ imported }) => imported),
    );
  }
}
violations.push(...findCircles(graph));
for (const violation of violations) console.error(violation);
process.exitCode = violations.length === 0 ? 0 : 1;
