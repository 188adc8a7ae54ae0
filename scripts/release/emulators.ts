import { existsSync } from 'node:fs';
import path from 'node:path';
import { installPackages } from '../../test/cluster/packages.ts';
import { arm64Runner } from '../build/program.ts';

/** Files that tell whether a package is there, and the Debian packages that bring them. */
const arm64: ReadonlyArray<readonly [string, string]> = [
  [path.join('/usr/bin', arm64Runner[0]), 'qemu-user-static'],
  [path.join(arm64Runner[2], 'lib/libc.so.6'), 'libc6-arm64-cross'],
  [path.join(arm64Runner[2], 'lib/libstdc++.so.6'), 'libstdc++6-arm64-cross'],
];

/** Installs what runs programs for Linux on arm64 here; without it a release has no code cache for that platform. */
export async function ensureArm64Runner(): Promise<void> {
  const missing = arm64.filter(([file]) => !existsSync(file)).map(([, name]) => name);
  if (missing.length > 0) await installPackages(missing);
}
