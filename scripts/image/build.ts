import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { buildah, buildImage } from '../../test/cluster/buildah.ts';
import { run } from '../../test/cluster/proc.ts';
import type { Architecture } from './lock.ts';
import { type ImageTarget, imageDir } from './tools.ts';

/** The image's bill of materials, in the image. */
export const sbomPath = 'usr/share/kubectl-nettools/sbom.cdx.json';

export interface BuildFacts {
  /** Version without a leading "v", for the label. */
  readonly version: string;
  /** Commit, for the label. */
  readonly revision: string;
  /** Whether a difference from the lock is an error. */
  readonly strict: boolean;
}

/** The name of an image in buildah's storage. */
const localName = (image: ImageTarget) => `localhost/nettools:${image}`;

/** Builds an image into buildah's storage. */
export function build(image: ImageTarget, architecture: Architecture, facts: BuildFacts): Promise<void> {
  return buildImage({
    name: localName(image),
    context: imageDir,
    onDebian: true,
    target: image,
    architecture,
    buildArgs: {
      VERSION: facts.version,
      REVISION: facts.revision,
      ...(facts.strict ? { LOCK: 'strict' } : {}),
    },
    labels: {
      'org.opencontainers.image.version': facts.version,
      'org.opencontainers.image.revision': facts.revision,
    },
  });
}

/**
 * Writes a built image as an OCI layout with gzip-compressed layers, what a registry gets.
 * @param folder is replaced
 */
export async function exportLayout(
  image: ImageTarget,
  architecture: Architecture,
  folder: string,
): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(path.dirname(folder), { recursive: true });
  // Every node downloads slim; full would take minutes more and be hardly smaller.
  const compression = [
    '--compression-format',
    'gzip',
    ...(image === 'slim' ? ['--compression-level', '9'] : []),
  ];
  const destination = `oci:${folder}:${image}`;
  await run(buildah(architecture, 'push', '--quiet', ...compression, localName(image), destination));
}

/** A container made from a built image, to look into and to run commands in. */
export interface ImageContainer {
  /** The folder where its files are. */
  readonly files: string;
  /** Runs a command as a user without any capability and without a network; gives its stdout. */
  readonly run: (uid: number, command: readonly string[], input?: string) => Promise<string>;
}

/** Runs `use` with a container made from a built image, and removes it. */
export async function withContainer<T>(
  image: ImageTarget,
  architecture: Architecture,
  use: (container: ImageContainer) => Promise<T>,
): Promise<T> {
  const from = ['from', '--pull-never', '--arch', architecture, localName(image)];
  const id = (await run(buildah(architecture, ...from))).trim();
  try {
    const files = (await run(buildah(architecture, 'mount', id))).trim();
    return await use({
      files,
      run: (uid, command, input = '') =>
        run(
          buildah(
            architecture,
            ...['run', '--isolation', 'oci', '--network', 'none', '--cap-drop', 'ALL'],
            ...['--user', `${uid}:${uid}`, id, '--', ...command],
          ),
          { input },
        ),
    });
  } finally {
    await run(buildah(architecture, 'rm', id));
  }
}

/** @returns the labels of a built image */
export async function labelsOf(
  image: ImageTarget,
  architecture: Architecture,
): Promise<Readonly<Record<string, string>>> {
  const inspect = buildah(architecture, 'inspect', '--type', 'image', localName(image));
  const { OCIv1 } = JSON.parse(await run(inspect)) as {
    OCIv1: { config: { Labels: Readonly<Record<string, string>> } };
  };
  return OCIv1.config.Labels;
}
