import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { installPackages } from '../../test/cluster/packages.ts';
import { runCommand } from '../lib/process.ts';

/**
 * Pushes an image with all its architectures. Credentials are skopeo's own (skopeo login).
 * @param archive an OCI archive
 * @param name with its tag
 * @returns what is in the registry, by digest
 */
export async function pushImage(archive: string, name: string): Promise<string> {
  if (!existsSync(archive)) throw new Error(`${archive} is not built: run without --push first`);
  if (!existsSync('/usr/bin/skopeo')) await installPackages(['skopeo']);
  const digestFile = archive.replace(/\.oci\.tar$/, '.digest');
  // A registry on this machine, for a rehearsal, has no certificate.
  const insecure = /^(127\.0\.0\.1|localhost)[:/]/.test(name) ? ['--dest-tls-verify=false'] : [];
  await must([
    'skopeo',
    ...['copy', '--all', '--preserve-digests', '--digestfile', digestFile, ...insecure],
    ...[`oci-archive:${archive}`, `docker://${name}`],
  ]);
  return `${name}@${(await readFile(digestFile, 'utf8')).trim()}`;
}

/** @throws Error when the command does not end with 0 */
export async function must(command: readonly string[]): Promise<void> {
  if ((await runCommand(command)) !== 0) throw new Error(`${command.join(' ')} failed`);
}
