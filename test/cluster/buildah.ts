/** Builds images from ordinary Dockerfiles with buildah, for this machine's architecture or an emulated one. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureEmulator } from './emulator.ts';
import { writeFile } from './files.ts';
import { say, step } from './log.ts';
import { cacheDir } from './paths.ts';
import { attempt, run } from './proc.ts';

const suite = 'trixie';
/** The base of the project's images, as their Dockerfile names it. */
const baseName = `docker.io/library/debian:${suite}-slim`;

/** Debian's and OCI's name of this machine's architecture. */
export const nativeArchitecture = process.arch === 'x64' ? 'amd64' : process.arch;

export interface BuildOptions {
  /** Name that the built image gets in buildah's storage. */
  readonly name: string;
  /** Folder with the Dockerfile. */
  readonly context: string;
  /** The Dockerfile starts from Debian and installs packages. */
  readonly onDebian: boolean;
  /** Stage of the Dockerfile; its last one when absent. */
  readonly target?: string;
  /** This machine's when absent. */
  readonly architecture?: string;
  readonly buildArgs?: Readonly<Record<string, string>>;
  /** Labels that differ from build to build; they need a target. */
  readonly labels?: Readonly<Record<string, string>>;
}

/**
 * A buildah command line with storage of our own, so that `down` and the cache's removal leave nothing elsewhere.
 * Each architecture has its own: the base has one name in all of them.
 */
export function buildah(architecture: string, ...args: readonly string[]): string[] {
  const root = join(cacheDir(), architecture === nativeArchitecture ? 'buildah' : `buildah-${architecture}`);
  return ['buildah', '--root', join(root, 'storage'), '--runroot', join(root, 'run'), ...args];
}

/** The base image by its public name: made by mmdebstrap, so that no image registry is needed. */
async function ensureBase(architecture: string): Promise<void> {
  if ((await attempt(buildah(architecture, 'inspect', '--type', 'image', baseName))).code === 0) return;
  const folder = join(cacheDir(), 'images');
  const suffix = architecture === nativeArchitecture ? '' : `-${architecture}`;
  const tarball = join(folder, `debian-${suite}-minbase${suffix}.tar`);
  mkdirSync(folder, { recursive: true });
  if (!existsSync(tarball)) {
    const partial = `${tarball}.partial.tar`;
    await step(
      `made ${baseName} (${architecture})`,
      () =>
        run([
          'mmdebstrap',
          '--variant=minbase',
          '--skip=check/qemu',
          `--architectures=${architecture}`,
          suite,
          partial,
        ]),
      `making ${baseName} (${architecture}) from Debian's packages: about a minute, emulated about five`,
    );
    renameSync(partial, tarball);
  }
  const container = (await run(buildah(architecture, 'from', '--arch', architecture, 'scratch'))).trim();
  try {
    await run(buildah(architecture, 'add', '--quiet', container, tarball, '/'));
    await run(buildah(architecture, 'config', '--arch', architecture, '--cmd', 'bash', container));
    await run(buildah(architecture, 'commit', '--quiet', container, baseName));
  } finally {
    await run(buildah(architecture, 'rm', container));
  }
}

/** Settings of the machine's apt (proxy, checks) that a build on it needs too; never part of an image. */
async function aptSettings(folder: string): Promise<readonly string[]> {
  const path = join(folder, 'apt.conf');
  writeFile(path, await run(['apt-config', 'dump', 'Acquire']), 0o644);
  return ['--secret', `id=apt,src=${path}`];
}

/**
 * Chooses the stage to build; for labels, by a Dockerfile in `folder` that ends with them as they are. For a LABEL that
 * is made of a build argument buildah (1.28) takes the layer of an earlier build, whatever the argument was then, and
 * its `--label` is for a file's last stage alone.
 */
function stageFlags(folder: string, { context, target, labels }: BuildOptions): readonly string[] {
  if (target === undefined) return [];
  if (labels === undefined) return ['--target', target];
  const path = join(folder, 'Dockerfile');
  const lines = Object.entries(labels).map(([name, value]) => `LABEL ${name}=${JSON.stringify(value)}`);
  const stage = [`FROM ${target}`, ...lines, ''].join('\n');
  writeFile(path, `${readFileSync(join(context, 'Dockerfile'), 'utf8')}\n${stage}`, 0o644);
  return ['--file', path];
}

/** Builds an image into buildah's storage, with its base when that is missing. */
export async function buildImage(options: BuildOptions): Promise<void> {
  const architecture = options.architecture ?? nativeArchitecture;
  if (architecture !== nativeArchitecture) await ensureEmulator(architecture);
  if (options.onDebian) await ensureBase(architecture);
  const work = mkdtempSync(join(tmpdir(), 'nettools-build-'));
  try {
    const stage = stageFlags(work, options);
    const buildArgs = Object.entries(options.buildArgs ?? {}).flatMap(([name, value]) => [
      '--build-arg',
      `${name}=${value}`,
    ]);
    const settings = options.onDebian ? await aptSettings(work) : [];
    await run(
      buildah(
        architecture,
        ...['bud', '--layers', '--isolation', 'chroot', '--network', 'host', '--arch', architecture],
        // Lets image/drops/build.sh switch random addresses off (personality(2)), which make gcc's output differ.
        ...['--security-opt', 'seccomp=unconfined'],
        // FROM is never fetched: the base was made here.
        ...['--pull-never', '--timestamp', '0', ...stage, ...buildArgs, ...settings],
        ...['--tag', options.name, options.context],
      ),
      { onLine: (line) => (line.startsWith('image: ') ? say(line) : undefined) },
    );
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
