/** The Wireshark on this machine. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Writable } from 'node:stream';
import { UserError } from '../model/errors.ts';

/** Where its installers put it on systems on which that is not on PATH. */
const INSTALLED: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['/Applications/Wireshark.app/Contents/MacOS/Wireshark'],
  win32: ['C:\\Program Files\\Wireshark\\Wireshark.exe'],
};

/** The path of the program. @throws {UserError} exit 3: there is none */
export function findWireshark(env: NodeJS.ProcessEnv = process.env): string {
  const file = process.platform === 'win32' ? 'Wireshark.exe' : 'wireshark';
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const candidates = [...folders.map((folder) => join(folder, file)), ...(INSTALLED[process.platform] ?? [])];
  const found = candidates.find(isProgram);
  if (found !== undefined) return found;
  throw new UserError('wireshark is not in PATH.', 3, {
    hint: 'Install it, or write a file with -w FILE and open it where Wireshark is installed.',
  });
}

/** A Wireshark that captures from its stdin. */
export interface Wireshark {
  readonly stdin: Writable;
  /** Told when its window has been closed. */
  onExit(callback: () => void): void;
}

/**
 * Starts it in a session of its own: Ctrl-C ends the capture, and what has been captured stays to be looked at.
 * @throws {UserError} exit 3: it does not start
 */
export async function startWireshark(program: string): Promise<Wireshark> {
  const child: ChildProcess = spawn(program, ['-k', '-i', '-'], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw new UserError(`${program} cannot be started (${(error as NodeJS.ErrnoException).code}).`, 3, {
      cause: error,
    });
  }
  // This process may end before the window is closed.
  child.unref();
  const { stdin } = child;
  if (stdin === null) throw new Error('spawned without a stdin');
  return {
    stdin,
    onExit: (callback) => {
      if (child.exitCode !== null) callback();
      else child.once('exit', () => callback());
    },
  };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
