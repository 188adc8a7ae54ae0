import { readFileSync } from 'node:fs';
import path from 'node:path';
import { load } from 'js-yaml';
import { expect, it } from 'vitest';
import { root } from '../../../../scripts/lib/process.ts';
import { krewManifest, parseSums } from '../../../../scripts/release/krew-manifest.ts';
import { releaseFolder } from '../../../../scripts/release/project.ts';
import { commitOf, sbomName } from '../../../../scripts/release/sbom.ts';

const text = readFileSync(path.join(root, 'krew.yaml'), 'utf8');
const { spec } = load(text) as {
  spec: { version: string; platforms: ReadonlyArray<{ uri: string; sha256: string }> };
};
const commit = /commit (\w+)\.$/m.exec(text)?.[1] ?? '';
const sha256 = new Map(spec.platforms.map((one) => [path.posix.basename(one.uri), one.sha256]));

it('krew.yaml is what plugin-manifest/ gives for its version, commit and hashes', () => {
  expect(krewManifest({ version: spec.version, commit, sha256 })).toBe(text);
});

it('krew.yaml is of a clean commit', () => {
  expect(commit).toMatch(/^[0-9a-f]{10}$/);
});

it('krew.yaml has the hashes of the archives, when those of its commit are here', ({ skip }) => {
  const folder = releaseFolder(spec.version);
  const read = (file: string) => {
    try {
      return readFileSync(path.join(folder, file), 'utf8');
    } catch {
      return undefined;
    }
  };
  const sbom = read(sbomName(spec.version));
  if (sbom === undefined || commitOf(sbom) !== commit) {
    console.log(`krew.yaml's hashes were not compared: dist/release has no archives of ${commit}`);
    skip('no archives of its commit');
    return;
  }
  const sums = parseSums(read('SHA256SUMS') ?? '');
  for (const [archive, hash] of sha256) expect(sums.get(archive)).toBe(hash);
});

it('refuses to leave a platform out', () => {
  expect(() => krewManifest({ version: 'v9.9.9', commit, sha256 })).toThrow('SHA256SUMS has no');
});
