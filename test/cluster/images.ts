/** Builds the cluster's images from ordinary Dockerfiles with buildah, as archives in the cache. */
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digest, folderDigest, writeFile } from './files.ts';
import { say, step } from './log.ts';
import { binDir, cacheDir, repoDir } from './paths.ts';
import { attempt, run } from './proc.ts';

const suite = 'trixie';
const baseName = `docker.io/library/debian:${suite}-slim`;
const imageDir = join(cacheDir(), 'images');

interface ImageSpec {
  readonly name: string;
  /** Folder with the Dockerfile. */
  readonly context: string;
  /** Whether its Dockerfile starts from Debian. */
  readonly onDebian: boolean;
  /** Puts built files into a copy of the context. */
  readonly prepare?: (context: string) => Promise<void>;
  /** What the prepared files are made from, beside the context itself. */
  readonly key?: string;
}

/** An image that is built: its name, and an archive that `ctr images import` takes. */
export interface BuiltImage {
  readonly name: string;
  readonly archive: string;
}

function specs(): ImageSpec[] {
  const images = join(repoDir, 'test/images');
  return [
    {
      name: 'localhost/pause:1',
      context: join(images, 'pause'),
      onDebian: false,
      prepare: async (context) => {
        await run(['gcc', '-Os', '-static', '-s', '-Wall', '-o', 'pause', 'pause.c'], { cwd: context });
      },
    },
    {
      name: 'localhost/app:1',
      context: join(images, 'app'),
      onDebian: false,
      prepare: async (context) => copyFileSync('/usr/bin/busybox', join(context, 'busybox')),
    },
    {
      name: 'localhost/coredns:1',
      context: join(images, 'coredns'),
      onDebian: false,
      key: binDir('coredns'),
      prepare: async (context) => copyFileSync(join(binDir('coredns'), 'coredns'), join(context, 'coredns')),
    },
    { name: 'localhost/nettools:dev', context: join(repoDir, 'image'), onDebian: true },
  ];
}

/** buildah with storage of its own, so that `down` and the cache's removal leave nothing elsewhere. */
function buildah(...args: readonly string[]): string[] {
  const root = join(cacheDir(), 'buildah');
  return ['buildah', '--root', join(root, 'storage'), '--runroot', join(root, 'run'), ...args];
}

/** The base image by its public name: made by mmdebstrap, so that no image registry is needed. */
async function ensureBase(): Promise<void> {
  if ((await attempt(buildah('inspect', '--type', 'image', baseName))).code === 0) return;
  const tarball = join(imageDir, `debian-${suite}-minbase.tar`);
  mkdirSync(imageDir, { recursive: true });
  if (!existsSync(tarball)) {
    const partial = `${tarball}.partial.tar`;
    await step(
      `made ${baseName}`,
      () => run(['mmdebstrap', '--variant=minbase', suite, partial]),
      `making ${baseName} from Debian's packages: about a minute`,
    );
    renameSync(partial, tarball);
  }
  const container = (await run(buildah('from', 'scratch'))).trim();
  try {
    await run(buildah('add', '--quiet', container, tarball, '/'));
    await run(buildah('config', '--cmd', 'bash', container));
    await run(buildah('commit', '--quiet', container, baseName));
  } finally {
    await run(buildah('rm', container));
  }
}

/** Settings of the machine's apt (proxy, checks) that a build on it needs too; never part of an image. */
async function aptSettings(folder: string): Promise<string> {
  const path = join(folder, 'apt.conf');
  writeFile(path, await run(['apt-config', 'dump', 'Acquire']), 0o644);
  return `${path}:/etc/apt/apt.conf.d/99machine:ro`;
}

async function buildImage(spec: ImageSpec, archive: string): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'nettools-image-'));
  try {
    const context = join(work, 'context');
    cpSync(spec.context, context, { recursive: true });
    await spec.prepare?.(context);
    const mount = spec.onDebian ? ['--volume', await aptSettings(work)] : [];
    await run(
      buildah(
        ...['bud', '--layers', '--isolation', 'chroot', '--network', 'host'],
        // FROM is never fetched: the base was made here.
        ...['--pull-never', '--timestamp', '0', ...mount, '--tag', spec.name, context],
      ),
      { onLine: (line) => (line.startsWith('packages.lock:') ? say(line) : undefined) },
    );
    const partial = `${archive}.partial`;
    rmSync(partial, { force: true });
    // The docker format, because its layers are not compressed: unpacking is most of an import's time.
    await run(buildah('push', '--quiet', spec.name, `docker-archive:${partial}:${spec.name}`));
    renameSync(partial, archive);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Builds the images that the cache lacks, and returns all. */
export async function ensureImages(): Promise<BuiltImage[]> {
  const built: BuiltImage[] = [];
  for (const spec of specs()) {
    const key = digest(spec.name, spec.key ?? '', folderDigest(spec.context));
    const archive = join(imageDir, `${spec.name.replace(/\W/g, '-')}-${key}.tar`);
    built.push({ name: spec.name, archive });
    if (existsSync(archive)) continue;
    mkdirSync(imageDir, { recursive: true });
    if (spec.onDebian) await ensureBase();
    await step(`built image ${spec.name}`, () => buildImage(spec, archive), `building image ${spec.name}`);
  }
  return built;
}
