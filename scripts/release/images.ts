import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { installPackages } from '../../test/cluster/packages.ts';
import { imageTargets } from '../image/tools.ts';
import { root, runCommand } from '../lib/process.ts';
import { project } from './project.ts';

// Builds the images of a version for every architecture, as image/locks says and not otherwise, and pushes them:
//   npm run release:images -- vX.Y.Z [--push] [--to IMAGE]
// Without --push it ends before that. dist/images/vX.Y.Z.txt then names what is in the registry, by digest, slim first.
// Credentials are skopeo's own (skopeo login).

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { push: { type: 'boolean', default: false }, to: { type: 'string', default: project.image } },
});
const [version = ''] = positionals;
const folder = path.join(root, 'dist/images');
const archive = (image: string) => path.join(folder, `nettools-${image}.oci.tar`);

if (!values.push) {
  await must(['node', 'scripts/image-build.ts', '--strict', '--version', version]);
} else {
  const pushed: string[] = [];
  for (const image of imageTargets) pushed.push(await push(image));
  await writeFile(path.join(folder, `${version}.txt`), `${pushed.join('\n')}\n`);
  console.log(pushed.join('\n'));
}

/** Pushes an image with all its architectures; slim is what the binaries name, so its tag is the version alone. */
async function push(image: string): Promise<string> {
  if (!existsSync(archive(image)))
    throw new Error(`${archive(image)} is not built: run without --push first`);
  if (!existsSync('/usr/bin/skopeo')) await installPackages(['skopeo']);
  const name = `${values.to}:${image === 'slim' ? version : `${version}-${image}`}`;
  const digestFile = path.join(folder, `${image}.digest`);
  // A registry on this machine, for a rehearsal, has no certificate.
  const insecure = /^(127\.0\.0\.1|localhost)[:/]/.test(values.to) ? ['--dest-tls-verify=false'] : [];
  await must([
    'skopeo',
    ...['copy', '--all', '--preserve-digests', '--digestfile', digestFile, ...insecure],
    ...[`oci-archive:${archive(image)}`, `docker://${name}`],
  ]);
  return `${name}@${(await readFile(digestFile, 'utf8')).trim()}`;
}

async function must(command: readonly string[]): Promise<void> {
  if ((await runCommand(command)) !== 0) throw new Error(`${command.join(' ')} failed`);
}
