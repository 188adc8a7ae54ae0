import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildah, buildImage } from '../../test/cluster/buildah.ts';
import { ensurePackages, requireRoot } from '../../test/cluster/packages.ts';
import { run } from '../../test/cluster/proc.ts';
import { buildInfo } from '../build/build-info.ts';
import { archiveLayouts } from '../image/layout.ts';
import { type Architecture, architectures } from '../image/lock.ts';
import { root } from '../lib/process.ts';
import { archiveName, project, releaseFolder } from './project.ts';
import { pushImage } from './push-image.ts';

// The image of "in-cluster" for every architecture, from the binaries that release:build has made, and pushes it:
//   npm run release:cli-image -- vX.Y.Z [--arch amd64|arm64]… [--push] [--to IMAGE]
// Without --push it ends before that. dist/images/vX.Y.Z-cli.txt then names what is in the registry, by digest.
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    arch: { type: 'string', multiple: true, default: [...architectures] },
    push: { type: 'boolean', default: false },
    to: { type: 'string', default: project.image },
  },
});
const [version = ''] = positionals;
const archive = path.join(root, 'dist/images/nettools-cli.oci.tar');
const name = `${values.to}:${version}-cli`;

if (values.push) {
  const pushed = await pushImage(archive, name);
  writeFileSync(path.join(path.dirname(archive), `${version}-cli.txt`), `${pushed}\n`);
  console.log(pushed);
} else await build(architectures.filter((one) => values.arch.includes(one)));

async function build(all: readonly Architecture[]): Promise<void> {
  requireRoot();
  await ensurePackages();
  mkdirSync(path.dirname(archive), { recursive: true });
  const work = mkdtempSync(path.join(tmpdir(), 'nettools-cli-image-'));
  try {
    const layouts = new Map<Architecture, string>();
    for (const architecture of all) layouts.set(architecture, await layoutOf(architecture, work));
    const digest = await archiveLayouts(layouts, path.join(work, 'index'), archive, name);
    console.log(`${path.relative(root, archive)}: ${digest}`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Resolves to the folder of an OCI layout. */
async function layoutOf(architecture: Architecture, work: string): Promise<string> {
  const context = path.join(work, `context-${architecture}`);
  mkdirSync(context);
  const file = path.join(releaseFolder(version), archiveName(version, { os: 'linux', arch: architecture }));
  await run(['tar', '-xzf', file, '-C', context, 'kubectl-nettools']);
  copyFileSync(path.join(root, 'image/cli/Dockerfile'), path.join(context, 'Dockerfile'));
  const { commit } = await buildInfo();
  const labels = {
    'org.opencontainers.image.version': version.replace(/^v/, ''),
    'org.opencontainers.image.revision': commit,
  };
  const local = 'localhost/nettools:cli';
  await buildImage({ name: local, context, onDebian: true, target: 'cli', architecture, labels });
  const layout = path.join(work, `layout-${architecture}`);
  await run(
    buildah(architecture, 'push', '--quiet', '--compression-format', 'gzip', local, `oci:${layout}:cli`),
  );
  return layout;
}
