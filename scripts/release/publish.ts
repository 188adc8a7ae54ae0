import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root, runCommand } from '../lib/process.ts';
import { cutVersion, hasVersion } from './changelog.ts';
import { krewManifest, parseSums } from './krew-manifest.ts';
import { releasePage } from './notes.ts';
import { releaseFolder } from './project.ts';
import { buildOf, sbomName } from './sbom.ts';

// Publishes what the steps before have made: the release with its files and notes, and a pull request with krew.yaml.
//   npm run release:publish -- vX.Y.Z [--dry-run]   --dry-run checks everything, writes the notes to dist/ and prints
//                                                   the commands

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'dry-run': { type: 'boolean', default: false } },
});
const [version = ''] = positionals;
const folder = releaseFolder(version);
const sums = parseSums(await readFile(path.join(folder, 'SHA256SUMS'), 'utf8'));
const names = [...sums.keys(), 'SHA256SUMS', 'SHA256SUMS.sigstore.json'];

await check('the hashes', ['sh', '-c', 'cd "$1" && sha256sum --check --strict SHA256SUMS', 'sh', folder]);
await checkKrew();
const unsigned = !existsSync(path.join(folder, 'SHA256SUMS.sigstore.json'));
if (unsigned && !values['dry-run']) throw new Error('SHA256SUMS is not signed: run cosign sign-blob first');

const notes = path.join(root, `dist/notes-${version}.md`);
await writeFile(notes, releasePage(await changelog(), version));

const branch = `krew-${version}`;
const files = [...names.map((name) => path.join(folder, name)), path.join(root, 'krew.yaml')];
for (const command of [
  ['gh', 'release', 'create', version, '--verify-tag', '--title', version, '--notes-file', notes, ...files],
  ['git', 'switch', '--create', branch],
  ['git', 'add', 'krew.yaml'],
  ['git', 'commit', '--message', `krew.yaml: ${version}`],
  ['git', 'push', 'origin', branch],
  [
    'gh',
    'pr',
    'create',
    '--head',
    branch,
    '--title',
    `krew.yaml: ${version}`,
    '--body',
    'Made by the release.',
  ],
]) {
  console.log(`$ ${command.map((word) => path.relative(root, word) || word).join(' ')}`);
  if (!values['dry-run']) await check(command.join(' '), command);
}

/** A rehearsal before release:prepare dates the changelog in its thoughts. */
async function changelog(): Promise<string> {
  const text = await readFile(path.join(root, 'CHANGELOG.md'), 'utf8');
  return values['dry-run'] && !hasVersion(text, version) ? cutVersion(text, version, 'DATE') : text;
}

async function check(what: string, command: readonly string[]): Promise<void> {
  if ((await runCommand(command)) !== 0) throw new Error(`${what}: failed`);
}

async function checkKrew(): Promise<void> {
  const { commit } = buildOf(await readFile(path.join(folder, sbomName(version)), 'utf8'));
  const expected = krewManifest({ version, commit, sha256: sums });
  if ((await readFile(path.join(root, 'krew.yaml'), 'utf8')) !== expected) {
    if (!values['dry-run']) throw new Error('krew.yaml is of other archives: run release:krew first');
    await writeFile(path.join(root, 'dist/krew.yaml'), expected);
    console.log('krew.yaml would become dist/krew.yaml');
  }
}
