import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Platform, platformName } from '../build/platform.ts';
import { root } from '../lib/process.ts';

/** Where the project lives; a fork changes plugin-manifest/project.json and nothing else. */
interface Project {
  /** URL of the repository, whose releases hold the archives. */
  readonly repository: string;
  /** The image with the tools, without a tag. */
  readonly image: string;
}

export const project: Project = JSON.parse(
  readFileSync(path.join(root, 'plugin-manifest/project.json'), 'utf8'),
);

/** Where `npm run release:build` puts a version's files. */
export function releaseFolder(version: string): string {
  return path.join(root, 'dist/release', version);
}

/** @param version as a tag has it: `v1.2.3` */
export function archiveName(version: string, platform: Platform): string {
  const [os, arch] = platformName(platform).split('-');
  return `kubectl-nettools_${version}_${os}_${arch}.${platform.os === 'windows' ? 'zip' : 'tar.gz'}`;
}

/** Where users download a file of a release. */
export function downloadUrl(version: string, file: string): string {
  return `${project.repository}/releases/download/${version}/${file}`;
}
