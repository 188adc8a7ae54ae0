import { existsSync } from 'node:fs';
import path from 'node:path';
import { installPackages } from '../../test/cluster/packages.ts';

/** What runs programs for Linux on arm64 here, from Debian's packages below. */
export const arm64Runner = ['qemu-aarch64-static', '-L', '/usr/aarch64-linux-gnu'] as const;

/** Files that tell whether a package is there, and the Debian packages that bring them. */
const arm64: ReadonlyArray<readonly [string, string]> = [
  [path.join('/usr/bin', arm64Runner[0]), 'qemu-user-static'],
  [path.join(arm64Runner[2], 'lib/libc.so.6'), 'libc6-arm64-cross'],
  [path.join(arm64Runner[2], 'lib/libstdc++.so.6'), 'libstdc++6-arm64-cross'],
];

/** Installs what runs programs for Linux on arm64 here. */
export async function ensureArm64Runner(): Promise<void> {
  const missing = arm64.filter(([file]) => !existsSync(file)).map(([, name]) => name);
  if (missing.length > 0) await installPackages(missing);
}
