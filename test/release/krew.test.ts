import { createReadStream, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, delimiter, dirname, join } from 'node:path';
import { load } from 'js-yaml';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { krewManifest, parseSums } from '../../scripts/release/krew-manifest.ts';
import { archiveName, downloadUrl } from '../../scripts/release/project.ts';
import { buildOf, sbomName } from '../../scripts/release/sbom.ts';
import { kubectlPath, repoDir } from '../cluster/paths.ts';
import { attempt, run } from '../cluster/proc.ts';
import { archives, scratch, version } from './archives.ts';
import { releaseTool } from './tools.ts';

// krew itself, and the validator that the central index runs on every manifest, from krew's own module.

const built = krewManifest({
  version,
  commit: buildOf(readFileSync(join(archives, sbomName(version)), 'utf8')).commit,
  sha256: parseSums(readFileSync(join(archives, 'SHA256SUMS'), 'utf8')),
});

/** Serves the archives, as the page of a release does. */
const server: Server = createServer((request, response) => {
  createReadStream(join(archives, basename(request.url ?? '')))
    .on('error', () => response.writeHead(404).end())
    .pipe(response);
});
let origin = '';
let environment: NodeJS.ProcessEnv = {};

beforeAll(async () => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const bin = scratch();
  symlinkSync(await releaseTool('krew'), join(bin, 'kubectl-krew'));
  const root = scratch();
  environment = {
    HOME: scratch(),
    KREW_ROOT: root,
    KREW_NO_UPGRADE_CHECK: '1',
    PATH: [join(root, 'bin'), bin, dirname(kubectlPath()), '/usr/bin', '/bin'].join(delimiter),
  };
  await krew('index', 'add', 'nettools', `file://${await customIndex()}`);
});
afterAll(() => {
  server.close();
});

function krew(...args: string[]): Promise<string> {
  return run([kubectlPath(), 'krew', ...args], { env: environment });
}

/** A repository as plugin-manifest/README.md describes it. */
async function customIndex(): Promise<string> {
  const index = scratch();
  mkdirSync(join(index, 'plugins'));
  writeFileSync(join(index, 'plugins/nettools.yaml'), served(built));
  const git = ['git', '-C', index, '-c', 'user.name=test', '-c', 'user.email=test@example.invalid'];
  await run([...git, 'init', '-q']);
  await run([...git, 'add', '.']);
  await run([...git, 'commit', '-qm', 'nettools']);
  return index;
}

/** A manifest's name is that of its plugin. */
function manifestFile(text: string): string {
  const file = join(scratch(), 'nettools.yaml');
  writeFileSync(file, text);
  return file;
}

function served(text: string): string {
  return text.replaceAll(dirname(downloadUrl(version, 'x')), origin);
}

it('krew.yaml is a manifest that the central index takes', async () => {
  const text = readFileSync(join(repoDir, 'krew.yaml'), 'utf8');
  const validator = await releaseTool('validate-krew-manifest');
  const result = await attempt([validator, '-skip-install', '-manifest', manifestFile(text)]);
  expect(result.code, result.stderr).toBe(0);
  const broken = await attempt([
    validator,
    '-skip-install',
    '-manifest',
    manifestFile(text.replace('arch: arm64', 'arch: amd64')),
  ]);
  expect(broken.stderr).toContain('overlapping');
});

it('krew.yaml keeps what reviewers of the index ask for and no program checks', () => {
  const { spec } = load(readFileSync(join(repoDir, 'krew.yaml'), 'utf8')) as {
    spec: { shortDescription: string; platforms: ReadonlyArray<{ uri: string; sha256: string }> };
  };
  expect(spec.shortDescription.length).toBeLessThanOrEqual(50);
  expect(spec.shortDescription).not.toMatch(/\.$|kubectl/);
  for (const { uri } of spec.platforms) expect(uri).toMatch(/^https:\/\/.*\.(tar\.gz|zip)$/);
  expect(new Set(spec.platforms.map(({ sha256 }) => sha256)).size).toBe(spec.platforms.length);
});

it("every platform's archive installs, by the central index's own check", async () => {
  const validator = await releaseTool('validate-krew-manifest');
  const result = await attempt([validator, '-manifest', manifestFile(served(built))], { env: environment });
  expect(result.code, result.stderr).toBe(0);
  expect(result.stderr).toContain('all 6 spec.platforms installed fine');
});

it('a wrong hash keeps krew from installing', async () => {
  const hash = parseSums(readFileSync(join(archives, 'SHA256SUMS'), 'utf8')).get(
    archiveName(version, { os: 'linux', arch: 'amd64' }),
  );
  const wrong = manifestFile(served(built.replace(hash ?? 'none', 'a'.repeat(64))));
  const result = await attempt([kubectlPath(), 'krew', 'install', `--manifest=${wrong}`], {
    env: environment,
  });
  expect(result.code).not.toBe(0);
  expect(result.stderr).toContain('checksum does not match');
});

it('installs from the manifest and an archive, runs as kubectl nettools, and goes again', async () => {
  const archive = join(archives, archiveName(version, { os: 'linux', arch: 'amd64' }));
  // Under the name that it has in the repository and among a release's files.
  const manifest = join(scratch(), 'krew.yaml');
  writeFileSync(manifest, built);
  await krew('install', `--manifest=${manifest}`, `--archive=${archive}`);
  const said = await run([kubectlPath(), 'nettools', 'version', '-o', 'json'], { env: environment });
  expect(JSON.parse(said)).toMatchObject({ version, platform: 'linux/x64' });
  await krew('uninstall', 'nettools');
  expect((await attempt([kubectlPath(), 'nettools', 'version'], { env: environment })).code).not.toBe(0);
});

it('installs from an index of its own, as plugin-manifest/README.md says', async () => {
  expect(await krew('search', 'nettools')).toContain('Find the cause of pod network problems');
  await krew('install', 'nettools/nettools');
  expect(await run([kubectlPath(), 'nettools', '--version'], { env: environment })).toContain(version);
  await krew('uninstall', 'nettools');
});
