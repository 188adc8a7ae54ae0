/** The root file system of images that are not the project's: the tools of another Debian, unpacked and not configured. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { digest } from './files.ts';
import { step } from './log.ts';
import { cacheDir } from './paths.ts';
import { run } from './proc.ts';

/** Not needed in them, and most of their size. */
const LEFT_OUT = [
  '/usr/share/doc',
  '/usr/share/man',
  '/usr/share/locale',
  '/usr/share/perl',
  '/usr/lib/*/perl',
];

/** Puts `rootfs.tar` into a folder whose `packages.list` names the packages. */
export async function addOtherTools(context: string): Promise<void> {
  const list = readFileSync(join(context, 'packages.list'), 'utf8').trim().split('\n').join(',');
  const folder = join(cacheDir(), 'images');
  const tarball = join(folder, `other-tools-${digest(list, ...LEFT_OUT)}.tar`);
  mkdirSync(folder, { recursive: true });
  if (!existsSync(tarball)) {
    const partial = `${tarball}.partial.tar`;
    await step(
      'unpacked the tools of another Debian',
      () =>
        run([
          ...['mmdebstrap', '--variant=extract', `--include=${list}`],
          ...LEFT_OUT.map((path) => `--dpkgopt=path-exclude=${path}/*`),
          ...['bookworm', partial],
        ]),
      'unpacking the tools of another Debian: about a minute',
    );
    renameSync(partial, tarball);
  }
  copyFileSync(tarball, join(context, 'rootfs.tar'));
}
