import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { checksAbout, checksPlaces, checksPreparations, checksRegistry } from './generate/checks-index.ts';
import { root } from './lib/process.ts';

type Render = () => string | Promise<string>;

/**
 * Files in the repository that are made from the sources: path from the root, and what makes the text. The lists of the
 * checks come first; what is made of the checks is loaded only then.
 */
const generators: ReadonlyArray<{ file: string; load: () => Render | Promise<Render> }> = [
  { file: 'src/checks/about.ts', load: () => checksAbout },
  { file: 'src/checks/registry.ts', load: () => checksRegistry },
  { file: 'src/checks/preparations.ts', load: () => checksPreparations },
  { file: 'src/checks/places.ts', load: () => checksPlaces },
  {
    file: 'src/expectations/network-test.schema.json',
    load: async () => (await import('./generate/network-test-schema.ts')).networkTestSchemaFile,
  },
  {
    file: 'docs/commands.md',
    load: async () => (await import('./generate/commands-page.ts')).commandsPage,
  },
  { file: 'docs/config.md', load: async () => (await import('./generate/config-page.ts')).configPage },
  { file: 'docs/drops.md', load: async () => (await import('./generate/drops-page.ts')).dropsPage },
  { file: 'docs/findings.md', load: async () => (await import('./generate/findings-page.ts')).findingsPage },
  {
    file: 'docs/grafana-dashboard.json',
    load: async () => (await import('./generate/grafana-dashboard.ts')).grafanaDashboard,
  },
  { file: 'docs/metrics.md', load: async () => (await import('./generate/metrics-page.ts')).metricsPage },
  { file: 'docs/tools.md', load: async () => (await import('./generate/tools-page.ts')).toolsPage },
  { file: 'krew.yaml', load: () => releasedManifest },
];

/** krew.yaml keeps its version and hashes until `npm run release:krew` takes those of a new release. */
async function releasedManifest(): Promise<string> {
  const { krewManifest, readKrewManifest } = await import('./release/krew-manifest.ts');
  return krewManifest(readKrewManifest(await readFile(path.join(root, 'krew.yaml'), 'utf8')));
}

// `--check` only compares, and fails when a file is not what the sources now give.
const checkOnly = process.argv.includes('--check');
for (const { file, load } of generators) {
  const target = path.join(root, file);
  const text = await (await load())();
  if (text === (await readFile(target, 'utf8').catch(() => undefined))) continue;
  if (checkOnly) {
    console.error(`${file} is out of date: run "npm run generate"`);
    process.exitCode = 1;
  } else {
    await writeFile(target, text);
    console.log(`wrote ${file}`);
  }
}
