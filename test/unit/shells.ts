/** The shells that the project's scripts meet in images, and ways to run a script in them. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** One shell and the words that start it. */
export interface Shell {
  readonly name: string;
  readonly words: readonly string[];
  readonly available: boolean;
}

function shell(name: string, words: readonly string[]): Shell {
  const [command = '', ...args] = words;
  const { status } = spawnSync(command, [...args, '-c', 'exit 0']);
  return { name, words, available: status === 0 };
}

/** Debian's, RHEL's, and Alpine's. */
export const SHELLS: readonly Shell[] = [
  shell('dash', ['/bin/dash']),
  shell('bash', ['/bin/bash']),
  shell('busybox ash', ['/bin/busybox', 'ash']),
];

/** Whether new namespaces may be made here. */
export const mayUnshare =
  spawnSync('unshare', ['--pid', '--net', '--mount-proc', '--fork', 'true']).status === 0;

/** What a process left behind. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface StartOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Gives it a pipe of this process's as descriptor 3. */
  readonly lifeline?: boolean;
}

/** A process with its output collected; it is the leader of a session of its own, as an exec in a container is. */
export class Started {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  #stdout = Buffer.alloc(0);

  constructor(argv: readonly string[], options: StartOptions = {}) {
    const [command = '', ...args] = argv;
    this.process = spawn(command, args, {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe', ...(options.lifeline === true ? ['pipe' as const] : [])],
      // A bash without SHLVL whose stdin is a socket, as Node's pipes are, takes itself for a remote shell's and reads
      // the ~/.bashrc of whoever runs the tests.
      env: { SHLVL: '1', ...(options.env ?? process.env) },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    // As a client does once the command has ended.
    this.process.once('exit', () => this.endLifeline());
    const errors: Buffer[] = [];
    this.process.stdout?.on('data', (chunk: Buffer) => {
      this.#stdout = Buffer.concat([this.#stdout, chunk]);
    });
    this.process.stderr?.on('data', (chunk: Buffer) => errors.push(chunk));
    // A process that ends without reading its input is no failure of the test.
    this.process.stdin?.on('error', () => undefined);
    this.ended = new Promise((resolve, reject) => {
      this.process.once('error', reject);
      this.process.once('close', (code, signal) =>
        resolve({ code, signal, stdout: this.#stdout, stderr: Buffer.concat(errors).toString() }),
      );
    });
  }

  get pid(): number {
    const { pid } = this.process;
    if (pid === undefined) throw new Error('the process did not start');
    return pid;
  }

  /** What it has printed so far. */
  get stdout(): Buffer {
    return this.#stdout;
  }

  write(input: string | Uint8Array): void {
    this.process.stdin?.write(input);
  }

  /** Ends descriptor 3, as a client's end would. */
  endLifeline(): void {
    const pipe = this.process.stdio[3];
    if (pipe && 'end' in pipe) pipe.end();
  }

  endInput(input: string | Uint8Array = ''): void {
    this.process.stdin?.end(input);
  }
}

/** Runs a command to its end with this input. */
export async function runToEnd(
  argv: readonly string[],
  input: string | Uint8Array = '',
  options: StartOptions = {},
): Promise<Ended> {
  const started = new Started(argv, options);
  started.endInput(input);
  return started.ended;
}

/** The living processes of a session: number and name. */
export function sessionMembers(session: number): string[] {
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    let stat: string;
    try {
      stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
    } catch {
      return [];
    }
    // pid (name) state ppid pgrp session …
    const end = stat.lastIndexOf(')');
    const [state, , , sid] = stat.slice(end + 2).split(' ');
    return Number(sid) === session && state !== 'Z'
      ? [`${entry} ${stat.slice(stat.indexOf('(') + 1, end)}`]
      : [];
  });
}
