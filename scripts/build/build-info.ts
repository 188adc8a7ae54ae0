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
  /** The image that its sessions run: a release names its own by NETTOOLS_IMAGE, else it is the test cluster's. */
  readonly image: string;
}

export async function buildInfo(): Promise<BuildInfo> {
  const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  const image = process.env['NETTOOLS_IMAGE'] || 'localhost/nettools:dev';
  try {
    const commit = await git('rev-parse', '--short=10', 'HEAD');
    const dirty = (await git('status', '--porcelain')) !== '';
    return { version, commit: dirty ? `${commit}-dirty` : commit, image };
  } catch {
    return { version, commit: 'unknown', image };
  }
}

async function git(...args: string[]): Promise<string> {
  return (await promisify(execFile)('git', args, { cwd: root })).stdout.trim();
}
