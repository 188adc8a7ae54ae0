import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../../../../scripts/lib/process.ts';
import { krewManifest, parseSums, readKrewManifest } from '../../../../scripts/release/krew-manifest.ts';
import { releaseFolder } from '../../../../scripts/release/project.ts';
import { buildOf, sbomName } from '../../../../scripts/release/sbom.ts';

const released = readKrewManifest(readFileSync(path.join(root, 'krew.yaml'), 'utf8'));

it('krew.yaml is of a clean commit', () => {
  expect(released.commit).toMatch(/^[0-9a-f]{10}$/);
});

it('krew.yaml has the hashes of the archives, when those of its commit are here', ({ skip }) => {
  const folder = releaseFolder(released.version);
  const read = (file: string) => {
    try {
      return readFileSync(path.join(folder, file), 'utf8');
    } catch {
      return undefined;
    }
  };
  const sbom = read(sbomName(released.version));
  if (sbom === undefined || buildOf(sbom).commit !== released.commit) {
    console.log(`krew.yaml's hashes were not compared: dist/release has no archives of ${released.commit}`);
    skip('no archives of its commit');
    return;
  }
  const sums = parseSums(read('SHA256SUMS') ?? '');
  for (const [archive, hash] of released.sha256) expect(sums.get(archive)).toBe(hash);
});

it('refuses to leave a platform out', () => {
  expect(() => krewManifest({ ...released, version: 'v9.9.9' })).toThrow('SHA256SUMS has no');
});
