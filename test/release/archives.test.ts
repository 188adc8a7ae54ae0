import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeBundles } from '../../scripts/build/bundle.ts';
import { platformName, releasePlatforms } from '../../scripts/build/platform.ts';
import { bundledPackages } from '../../scripts/release/packages.ts';
import { archiveName } from '../../scripts/release/project.ts';
import { run } from '../cluster/proc.ts';
import { archives, scratch, unpack, version } from './archives.ts';

const cases = releasePlatforms.map((platform) => ({ platform, name: platformName(platform) }));

it('SHA256SUMS covers every file, and sha256sum agrees', async () => {
  await run(['sha256sum', '--check', '--strict', 'SHA256SUMS'], { cwd: archives });
  const summed = readFileSync(join(archives, 'SHA256SUMS'), 'utf8').match(/\S+$/gm);
  expect(['SHA256SUMS', ...(summed ?? [])].sort()).toEqual(readdirSync(archives).sort());
});

describe.each(cases)('the archive for $name', ({ platform }) => {
  it('holds the program, its licence and the notices, with the modes that they need', async () => {
    const folder = await unpack(platform);
    const windows = platform.os === 'windows';
    const modes = Object.fromEntries(
      readdirSync(folder).map((file) => [file, (statSync(join(folder, file)).mode & 0o777).toString(8)]),
    );
    expect(modes).toEqual({
      [windows ? 'kubectl-nettools.exe' : 'kubectl-nettools']: '755',
      ...(windows ? {} : { 'kubectl_complete-nettools': '755' }),
      LICENSE: '644',
      'THIRD-PARTY-NOTICES': '644',
    });
  });

  it('tells nothing of who packed it or when', async () => {
    const archive = join(archives, archiveName(version, platform));
    const listing =
      platform.os === 'windows'
        ? await run(['unzip', '-lv', archive])
        : await run(['tar', '--numeric-owner', '--full-time', '--utc', '-tvzf', archive]);
    const times = listing.match(/\d{4}-\d\d-\d\d \d\d:\d\d/g) ?? [];
    expect(new Set(times)).toEqual(
      new Set([platform.os === 'windows' ? '1980-01-01 00:00' : '1970-01-01 00:00']),
    );
    if (platform.os !== 'windows') expect(new Set(listing.match(/ \d+\/\d+ /g))).toEqual(new Set([' 0/0 ']));
  });

  it('does not say in which folder it was built', async () => {
    const folder = await unpack(platform);
    const program = readFileSync(
      join(folder, readdirSync(folder).find((name) => /^kubectl-/.test(name)) ?? ''),
    );
    expect(program.includes(join(import.meta.dirname, '../..'))).toBe(false);
  });
});

it('the notices name every package in the bundles, and Node, with the full licence', async () => {
  const [platform] = releasePlatforms;
  if (platform === undefined) throw new Error('no platform');
  const notices = readFileSync(join(await unpack(platform), 'THIRD-PARTY-NOTICES'), 'utf8');
  const packages = await bundledPackages(
    await writeBundles(scratch(), { version: '0', commit: 'test', image: 'test' }),
  );
  expect(packages.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      '@kubernetes/client-node',
      'cli-table3',
      'js-yaml',
      'ws',
      'yargs',
      'yargs-parser',
    ]),
  );
  for (const { name, version: its, licenseText } of packages) {
    expect(notices).toContain(`${name} ${its} (`);
    expect(notices).toContain(licenseText.replaceAll('\r\n', '\n'));
  }
  for (const part of ['Node.js is licensed for use as follows', 'OpenSSL', 'V8', 'ICU', 'libuv']) {
    expect(notices).toContain(part);
  }
});

it('the bill of materials names the same packages, and what is in Node', () => {
  const sbom = JSON.parse(readFileSync(join(archives, `kubectl-nettools_${version}.cdx.json`), 'utf8')) as {
    bomFormat: string;
    components: ReadonlyArray<{
      name: string;
      purl: string;
      hashes?: ReadonlyArray<{ content: string }>;
      components?: ReadonlyArray<{ name: string }>;
    }>;
    dependencies: ReadonlyArray<{ ref: string; dependsOn: readonly string[] }>;
  };
  expect(sbom.bomFormat).toBe('CycloneDX');
  const ws = sbom.components.find(({ name }) => name === 'ws');
  expect(ws?.purl).toMatch(/^pkg:npm\/ws@\d/);
  expect(ws?.hashes?.[0]?.content).toMatch(/^[0-9a-f]{128}$/);
  const node = sbom.components.find(({ name }) => name === 'node');
  expect(node?.components?.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['openssl', 'uv', 'v8', 'zlib']),
  );
  const references = new Set(
    sbom.components.flatMap((one) => [one.purl, ...(one.components ?? []).map(({ name }) => name)]),
  );
  for (const { purl } of sbom.components) expect(references.has(purl)).toBe(true);
  expect(sbom.dependencies[0]?.dependsOn).toEqual(sbom.components.map(({ purl }) => purl));
});
