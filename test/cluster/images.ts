/** Builds the cluster's images from ordinary Dockerfiles with buildah, as archives in the cache. */
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildah, buildImage, nativeArchitecture } from './buildah.ts';
import { digest, folderDigest } from './files.ts';
import { step } from './log.ts';
import { addOtherTools } from './other-tools.ts';
import { binDir, cacheDir, repoDir } from './paths.ts';
import { run } from './proc.ts';

const imageDir = join(cacheDir(), 'images');

interface ImageSpec {
  readonly name: string;
  /** Folder with the Dockerfile. */
  readonly context: string;
  /** Whether its Dockerfile starts from Debian. */
  readonly onDebian: boolean;
  /** Stage of the Dockerfile. */
  readonly target?: string;
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
    { name: 'localhost/nettools:dev', context: join(repoDir, 'image'), onDebian: true, target: 'slim' },
    ...['netshoot-like', 'alpine-like'].map((target) => ({
      name: `localhost/${target}:1`,
      context: join(images, 'netshoot-like'),
      onDebian: false,
      prepare: addOtherTools,
      target,
    })),
  ];
}

async function build(spec: ImageSpec, archive: string): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'nettools-image-'));
  try {
    const context = join(work, 'context');
    cpSync(spec.context, context, { recursive: true });
    await spec.prepare?.(context);
    const { name, onDebian, target } = spec;
    await buildImage({ name, context, onDebian, ...(target === undefined ? {} : { target }) });
    const partial = `${archive}.partial`;
    rmSync(partial, { force: true });
    // The docker format, because its layers are not compressed: unpacking is most of an import's time.
    await run(
      buildah(nativeArchitecture, 'push', '--quiet', spec.name, `docker-archive:${partial}:${spec.name}`),
    );
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
    await step(`built image ${spec.name}`, () => build(spec, archive), `building image ${spec.name}`);
  }
  return built;
}
