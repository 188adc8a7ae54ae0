import { readFileSync } from 'node:fs';
import path from 'node:path';
import { dump, load } from 'js-yaml';
import { binaryName, releasePlatforms } from '../build/platform.ts';
import { root } from '../lib/process.ts';
import { archiveName, downloadUrl, project } from './project.ts';

/** A version's archives. */
export interface ReleasedArchives {
  /** As a tag has it: `v1.2.3`. */
  readonly version: string;
  /** What they were built from. */
  readonly commit: string;
  /** Archive name → SHA-256, as SHA256SUMS has them. */
  readonly sha256: ReadonlyMap<string, string>;
}

/** krew.yaml for a version, from plugin-manifest/. */
export function krewManifest({ version, commit, sha256 }: ReleasedArchives): string {
  const plugin = load(readFileSync(path.join(root, 'plugin-manifest/plugin.yaml'), 'utf8')) as {
    spec: object;
  };
  const platforms = releasePlatforms.map((platform) => {
    const archive = archiveName(version, platform);
    const hash = sha256.get(archive);
    if (hash === undefined) throw new Error(`SHA256SUMS has no ${archive}`);
    return {
      selector: { matchLabels: { os: platform.os, arch: platform.arch } },
      uri: downloadUrl(version, archive),
      sha256: hash,
      bin: binaryName(platform),
    };
  });
  const manifest = { ...plugin, spec: { version, homepage: project.repository, ...plugin.spec, platforms } };
  return `# ${origin} ${commit}.\n${dump(manifest, { lineWidth: -1 })}`;
}

const origin = 'Made by "npm run release:krew" out of plugin-manifest/ and the archives of commit';

/** What a krew.yaml that krewManifest made is about. */
export function readKrewManifest(text: string): ReleasedArchives {
  const { spec } = load(text) as {
    spec: { version: string; platforms: ReadonlyArray<{ uri: string; sha256: string }> };
  };
  const commit = /^# .* commit (\S+)\.$/m.exec(text)?.[1] ?? '';
  const sha256 = new Map(spec.platforms.map((one) => [path.posix.basename(one.uri), one.sha256]));
  return { version: spec.version, commit, sha256 };
}

/** SHA256SUMS as a map from file to hash. */
export function parseSums(text: string): Map<string, string> {
  const lines = text.split('\n').filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const [hash = '', file = ''] = line.split('  ');
      return [file, hash];
    }),
  );
}
