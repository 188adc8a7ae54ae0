/** What kubelet and the CNI library leave in places that can't be configured. */
import { existsSync, readdirSync, readFileSync, readlinkSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dataDir, runDir } from './paths.ts';

function removeWhere(folder: string, isOurs: (path: string) => boolean): void {
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const path = join(folder, name);
    try {
      if (isOurs(path)) rmSync(path);
    } catch {
      // Of another kind than ours, or gone by now.
    }
  }
}

/** Removes these files, and the folders where nothing of anyone else is in them. */
export function removeStrays(): void {
  removeWhere('/var/log/containers', (path) => readlinkSync(path).startsWith(`${dataDir}/`));
  removeWhere('/var/lib/cni/results', (path) => readFileSync(path, 'utf8').includes(`"${runDir}/`));
  removeWhere('/var/lib/kubelet/device-plugins', (path) => path.endsWith('/kubelet.sock'));
  const folders = ['/var/log/containers', '/var/lib/cni/results', '/var/lib/cni'];
  for (const folder of [...folders, '/var/lib/kubelet/device-plugins', '/var/lib/kubelet']) {
    try {
      rmdirSync(folder);
    } catch {
      // Not empty, or not there.
    }
  }
}
