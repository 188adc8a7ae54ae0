/**
 * Docker's engine from Debian's packages, unpacked into the cache and not installed: their scripts would start a
 * daemon in the machine's own network, with rules and a bridge there.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { step } from '../cluster/log.ts';
import { cacheDir } from '../cluster/paths.ts';
import { attempt, run } from '../cluster/proc.ts';

/** Folders of programs inside an unpacked root. */
export const PROGRAM_FOLDERS = ['usr/sbin', 'usr/bin'] as const;

/** The engine, its containerd and the init that `docker run --init` wants; runc comes with the cluster's packages. */
const DOCKER = ['docker.io', 'containerd', 'tini'];
/** podman, its monitor of containers, and its networks; runc and the rest come with the cluster's buildah. */
const PODMAN = ['podman', 'conmon', 'netavark', 'aardvark-dns'];

async function download(packages: readonly string[], folder: string): Promise<void> {
  const fetch = ['apt-get', 'download', ...packages];
  // The lists may be old or absent: update them only when the first try shows it.
  if ((await attempt(fetch, { cwd: folder })).code === 0) return;
  await run(['apt-get', 'update']);
  await run(fetch, { cwd: folder });
}

async function unpacked(name: string, packages: readonly string[]): Promise<string> {
  const root = join(cacheDir(), 'unpacked', name);
  if (existsSync(root)) return root;
  const parent = join(cacheDir(), 'unpacked');
  mkdirSync(parent, { recursive: true });
  const work = mkdtempSync(join(parent, '.partial-'));
  try {
    await step(`unpacked ${packages.join(' ')}`, async () => {
      const debs = join(work, 'debs');
      mkdirSync(debs);
      await download(packages, debs);
      for (const deb of readdirSync(debs)) await run(['dpkg-deb', '-x', join(debs, deb), join(work, 'root')]);
    });
    // Two test runs may unpack at the same time: the second finds the first one's, and drops its own.
    if (!existsSync(root)) renameSync(join(work, 'root'), root);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return root;
}

/** The folder that holds `usr/sbin/dockerd` and what belongs to it. */
export function dockerRoot(): Promise<string> {
  return unpacked('docker', DOCKER);
}

/** The folder that holds `usr/bin/podman` and what belongs to it. */
export function podmanRoot(): Promise<string> {
  return unpacked('podman', PODMAN);
}
