import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { root } from '../lib/process.ts';

/** What a binary says about itself. It holds no time: the same sources give the same bytes. */
export interface BuildInfo {
  /** From package.json. */
  readonly version: string;
  /** Short commit, `-dirty` behind it when the work tree has changes; `unknown` outside a git clone. */
  readonly commit: string;
  /** The image that its sessions run. */
  readonly image: string;
}

/** @param defaultImage the image when NETTOOLS_IMAGE names none; the test cluster's unless this is a release */
export async function buildInfo(defaultImage = 'localhost/nettools:dev'): Promise<BuildInfo> {
  const version = await packageVersion();
  const image = process.env['NETTOOLS_IMAGE'] || defaultImage;
  try {
    const commit = await git('rev-parse', '--short=10', 'HEAD');
    const dirty = (await git('status', '--porcelain')) !== '';
    return { version, commit: dirty ? `${commit}-dirty` : commit, image };
  } catch {
    return { version, commit: 'unknown', image };
  }
}

/** The version in package.json, without a `v`. */
export async function packageVersion(): Promise<string> {
  const text = await readFile(path.join(root, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

async function git(...args: string[]): Promise<string> {
  return (await promisify(execFile)('git', args, { cwd: root })).stdout.trim();
}
