import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../lib/process.ts';

/** A system that the plugin is built for, in Go's (and so krew's) words. */
export interface Platform {
  readonly os: 'linux' | 'darwin' | 'windows';
  readonly arch: 'amd64' | 'arm64';
}

/** The systems that a release has an archive for, in the order of krew.yaml. */
export const releasePlatforms: readonly Platform[] = JSON.parse(
  readFileSync(path.join(root, 'plugin-manifest/platforms.json'), 'utf8'),
);

/** `linux-amd64`: how scripts and messages name a platform. */
export function platformName({ os, arch }: Platform): string {
  return `${os}-${arch}`;
}

/** File name of the plugin's binary on a platform. */
export function binaryName({ os }: Platform): string {
  return os === 'windows' ? 'kubectl-nettools.exe' : 'kubectl-nettools';
}

const nodeOs = { linux: 'linux', darwin: 'darwin', windows: 'win32' } as const;
const nodeArch = { amd64: 'x64', arm64: 'arm64' } as const;

/** The platform of the Node that runs this. */
export function hostPlatform(): Platform {
  for (const os of ['linux', 'darwin', 'windows'] as const) {
    for (const arch of ['amd64', 'arm64'] as const) {
      if (nodeOs[os] === process.platform && nodeArch[arch] === process.arch) return { os, arch };
    }
  }
  throw new Error(`kubectl-nettools cannot be built on ${process.platform} ${process.arch}`);
}

const pkgOs = { linux: 'linux', darwin: 'macos', windows: 'win' } as const;
const distributionOs = { linux: 'linux', darwin: 'darwin', windows: 'win' } as const;

/** What pkg calls a platform. */
export function pkgTarget({ os, arch }: Platform) {
  return { platform: pkgOs[os], arch: nodeArch[arch] };
}

/** What Node's own downloads, and pkg's cache of them, call a platform. */
export function nodeDistribution({ os, arch }: Platform): string {
  return `${distributionOs[os]}-${nodeArch[arch]}`;
}
