/** Pipes of the kernel: the streams that Node gives its children are sockets, which a command cannot open by name. */
import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The descriptors of a pipe's two ends; both block and are closed when a program is started. */
export interface Pipe {
  readonly read: number;
  readonly write: number;
}

/**
 * Opens pipes. Node has no pipe(2), so each is a named one whose name is gone before this returns.
 * @throws {Error} no folder for temporary files, or no mkfifo on this machine
 */
export function openPipes(count: number): Pipe[] {
  const folder = mkdtempSync(join(tmpdir(), 'nettools-pipes-'));
  try {
    const names = Array.from({ length: count }, (_, i) => join(folder, String(i)));
    const made = spawnSync('mkfifo', ['-m', '600', ...names], { stdio: ['ignore', 'ignore', 'pipe'] });
    if (made.status !== 0) throw made.error ?? new Error(made.stderr.toString().trim());
    return names.map(openBothEnds);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function openBothEnds(name: string): Pipe {
  // One end alone would wait for the other; both at once never does (Linux fifo(7)).
  const both = openSync(name, constants.O_RDWR);
  try {
    return { read: openSync(name, constants.O_RDONLY), write: openSync(name, constants.O_WRONLY) };
  } finally {
    closeSync(both);
  }
}
