/** The channel of this machine: commands run here, each guarded against a lost client. */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { type Channel, ChannelError, type RunOptions } from './channel.ts';
import { copyTo, Failure, Feed } from './copies.ts';
import GUARD from './guard.sh';
import { openPipes, type Pipe } from './pipes.ts';
import { compactScript } from './script.ts';

/** Where tools of administrators live, which an ordinary user's PATH often leaves out. */
const ADMIN_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];
type Variables = Readonly<Record<string, string>>;

/**
 * Runs commands on this machine, in this process's namespaces. See {@link Channel} for the contract. Each command is
 * the leader of a session of its own, and all of that session is ended with it. A command with a terminal has this
 * process's own one (`inheritsTerminal`): it stays in the user's session, which is what makes its keys and its size
 * work, and what ends with it are the processes that it started.
 */
export class LocalChannel implements Channel {
  readonly inheritsTerminal = true;
  readonly #variables: Variables;

  /** @param variables of the commands' environment, beside this process's own */
  constructor(variables: Variables = {}) {
    this.#variables = variables;
  }

  run(argv: readonly string[], options: RunOptions): Promise<number> {
    return options.terminal
      ? onTerminal(argv, options, this.#variables)
      : piped(argv, options, this.#variables);
  }

  runWithInput(
    argv: readonly string[],
    input: string,
    options: Omit<RunOptions, 'stdin' | 'terminal'>,
  ): Promise<number> {
    const text = input.endsWith('\n') ? input : `${input}\n`;
    return piped(argv, { ...options, stdin: Readable.from([Buffer.from(text)]) }, this.#variables);
  }
}

async function onTerminal(
  argv: readonly string[],
  { signal, terminal }: RunOptions,
  variables: Variables,
): Promise<number> {
  signal?.throwIfAborted();
  const mark = `NETTOOLS_SHELL=${randomBytes(8).toString('hex')}`;
  const term = terminal?.type === undefined ? {} : { TERM: terminal.type };
  const command = start(argv, mark, ['inherit', 'inherit', 'inherit', 'pipe'], { ...variables, ...term });
  const onAbort = (): void => command.end();
  signal?.addEventListener('abort', onAbort);
  try {
    const code = await command.exit;
    signal?.throwIfAborted();
    return code;
  } finally {
    signal?.removeEventListener('abort', onAbort);
    command.end();
  }
}

async function piped(argv: readonly string[], options: RunOptions, variables: Variables): Promise<number> {
  const { stdin, stdout, stderr, signal } = options;
  signal?.throwIfAborted();
  // As for the streams of a pod (exec/stream.ts): what a gigabyte leaves in memory is freed as it goes.
  setFlagsFromString('--no-concurrent-array-buffer-sweeping');
  const [input, ...outputs] = pipes();
  const [out, err] = outputs;
  const stdio: StdioOptions = [
    stdin ? input.read : 'ignore',
    out.write,
    stderr ? err.write : 'ignore',
    'pipe',
  ];
  let command: Started;
  try {
    command = start(argv, '', stdio, variables);
  } catch (error) {
    for (const { read } of outputs) closeSync(read);
    closeSync(input.write);
    throw error;
  } finally {
    closeSync(input.read);
    for (const { write } of outputs) closeSync(write);
  }
  const failure = new Failure(() => command.end());
  const onAbort = (): void => failure.set(signal?.reason);
  signal?.addEventListener('abort', onAbort);
  const feed = stdin ? new Feed(stdin, input.write, (error) => failure.set(error)) : undefined;
  if (!feed) closeSync(input.write);
  const copies = [copyTo(stdout, out.read, failure), copyTo(stderr, err.read, failure)];
  try {
    options.onOpen?.();
    const code = await command.exit;
    feed?.stop();
    // What it left running in the background holds the outputs until it has ended as well.
    command.end();
    void command.cleared.then(() => {
      for (const copy of copies) copy.endWhenSilent();
    });
    await Promise.race([Promise.all(copies.map(({ done }) => done)), failure.happened]);
    failure.throwIfAny();
    return code;
  } finally {
    signal?.removeEventListener('abort', onAbort);
    feed?.stop();
    for (const copy of copies) copy.stop();
    command.end();
  }
}

/** @throws {ChannelError} */
function pipes(): [Pipe, Pipe, Pipe] {
  try {
    const [input, out, err] = openPipes(3);
    if (input && out && err) return [input, out, err];
    throw new Error('no pipes');
  } catch (error) {
    const { message } = error as Error;
    throw new ChannelError('failed', `no command can be run here: ${message}`, { cause: error });
  }
}

/** A command that was started, and the pipe that its life hangs on. */
interface Started {
  /** Its exit code; 128 + N for signal N. */
  readonly exit: Promise<number>;
  /** Lets go of it: whatever of its session still runs is ended. Idempotent. */
  end(): void;
  /** All of its session has ended. */
  readonly cleared: Promise<void>;
}

function start(argv: readonly string[], mark: string, stdio: StdioOptions, variables: Variables): Started {
  const path = [process.env['PATH'] ?? '/usr/bin:/bin', ...ADMIN_FOLDERS].join(':');
  const child = spawn('sh', ['-c', compactScript(GUARD), 'nettools', 'pipe', mark, ...argv], {
    stdio,
    // A session of its own, unless it has the user's terminal, which belongs to the user's session.
    detached: mark === '',
    env: { ...process.env, PATH: path, ...variables },
  });
  const exit = exitOf(child);
  // Whoever waits for it hears of a failure; before, it must not count as one that nobody handles.
  exit.catch(() => undefined);
  const lifeline = child.stdio[3];
  if (!(lifeline instanceof Socket)) return { exit, end: () => undefined, cleared: Promise.resolve() };
  const cleared = new Promise<void>((resolve) => lifeline.once('close', () => resolve()));
  lifeline.on('error', () => undefined);
  lifeline.resume();
  const end = (): void => {
    lifeline.end('gently');
    // The far end does its work also when this process does not wait for it.
    lifeline.unref();
  };
  return { exit, end, cleared };
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) =>
      reject(
        new ChannelError('failed', `the command could not be started: ${error.message}`, { cause: error }),
      ),
    );
    child.once('exit', (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
}
