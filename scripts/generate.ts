import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { checksAbout, checksPreparations, checksRegistry } from './generate/checks-index.ts';
import { commandsPage } from './generate/commands-page.ts';
import { configPage } from './generate/config-page.ts';
import { findingsPage } from './generate/findings-page.ts';
import { toolsPage } from './generate/tools-page.ts';
import { root } from './lib/process.ts';
import { krewManifest, readKrewManifest } from './release/krew-manifest.ts';

/** Files in the repository that are made from the sources: path from the root, and what makes the text. */
const generators: ReadonlyArray<{ file: string; render: () => string | Promise<string> }> = [
  { file: 'src/checks/about.ts', render: checksAbout },
  { file: 'src/checks/registry.ts', render: checksRegistry },
  { file: 'src/checks/preparations.ts', render: checksPreparations },
  { file: 'docs/commands.md', render: commandsPage },
  { file: 'docs/config.md', render: configPage },
  { file: 'docs/findings.md', render: findingsPage },
  { file: 'docs/tools.md', render: toolsPage },
  { file: 'krew.yaml', render: releasedManifest },
];

/** krew.yaml keeps its version and hashes until `npm run release:krew` takes those of a new release. */
async function releasedManifest(): Promise<string> {
  return krewManifest(readKrewManifest(await readFile(path.join(root, 'krew.yaml'), 'utf8')));
}

// `--check` only compares, and fails when a file is not what the sources now give.
const checkOnly = process.argv.includes('--check');
for (const { file, render } of generators) {
  const target = path.join(root, file);
  const text = await render();
  if (text === (await readFile(target, 'utf8').catch(() => undefined))) continue;
  if (checkOnly) {
    console.error(`${file} is out of date: run "npm run generate"`);
    process.exitCode = 1;
  } else {
    await writeFile(target, text);
    console.log(`wrote ${file}`);
  }
}
