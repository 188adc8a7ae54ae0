/** Runs the built binary the way a user does, and judges what it said. */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { kubeconfig, kubectlPath, repoDir } from '../../cluster/paths.ts';

const distDir = join(repoDir, 'dist');
const binary = join(distDir, 'kubectl-nettools');

/** An empty home: no setting of whoever runs the tests may reach the binary. */
const home = mkdtempSync(join(tmpdir(), 'nettools-e2e-home-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** What a user's shell has: the plugin and the cluster's own kubectl on PATH, the admin's kubeconfig. */
export const userEnv: NodeJS.ProcessEnv = {
  HOME: home,
  LANG: 'C.UTF-8',
  TERM: 'xterm-256color',
  KUBECONFIG: kubeconfig,
  PATH: [distDir, dirname(kubectlPath()), process.env['PATH']].join(delimiter),
};

/** How a command ended. */
export interface Outcome {
  /** 128 + n after signal n is what a shell reports; -1 here when a signal ended the process itself. */
  readonly code: number;
  readonly bytes: Buffer;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

export interface CommandOptions {
  /** Bytes for stdin, which then ends; without it stdin is /dev/null. */
  readonly input?: Buffer | string;
  readonly env?: NodeJS.ProcessEnv;
  /** Seconds after which the command is killed and the test fails. */
  readonly limit?: number;
}

/** A command that runs: its process, and how it ends. */
export interface Started {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
}

function start(
  file: string,
  args: readonly string[],
  options: CommandOptions,
  stdin: 'ignore' | 'pipe',
): Started {
  const { limit = 120 } = options;
  const started = performance.now();
  const stdio: StdioOptions = [stdin, 'pipe', 'pipe'];
  const child = spawn(file, args, { env: { ...userEnv, ...options.env }, stdio, detached: true });
  const outcome = new Promise<Outcome>((resolve, reject) => {
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
    const timer = setTimeout(() => {
      // The whole group: a pipeline's parts too. It may have ended, and something else still hold its outputs.
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // The error below tells.
      }
      const said = Buffer.concat([...out, ...err]).toString('utf8');
      reject(
        new Error(`${[file, ...args].join(' ')} did not end within ${limit} s; so far it said: ${said}`),
      );
    }, limit * 1000);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      const bytes = Buffer.concat(out);
      resolve({
        code: code ?? -1,
        bytes,
        stdout: bytes.toString('utf8'),
        stderr: Buffer.concat(err).toString('utf8'),
        seconds: (performance.now() - started) / 1000,
      });
    });
  });
  return { child, outcome };
}

/** Runs `kubectl-nettools ARGS` to its end. */
export function nettools(args: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
  const { child, outcome } = start(binary, args, options, options.input === undefined ? 'ignore' : 'pipe');
  // A command that ends without reading its input closes the pipe: its exit code tells.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.input);
  return outcome;
}

/** Starts `kubectl-nettools ARGS`; with `pipe`, its stdin stays open until the test ends it. */
export function startNettools(
  args: readonly string[],
  stdin: 'ignore' | 'pipe' = 'ignore',
  options: CommandOptions = {},
): Started {
  return start(binary, args, options, stdin);
}

/** Runs a line of bash in which `kubectl` and `kubectl-nettools` are on PATH, for pipes and loops. */
export function bash(line: string, options: CommandOptions = {}): Promise<Outcome> {
  return start('bash', ['-c', line], options, 'ignore').outcome;
}

/**
 * Expects a failure that is told in one clear sentence: nothing on stdout, `error: …` on stderr with at most one line
 * of help after it, no stack trace.
 */
export function expectSentence(outcome: Outcome, code: 2 | 3, says: RegExp): void {
  expect(outcome).toMatchObject({ code, stdout: '' });
  const [first = '', ...more] = outcome.stderr.trimEnd().split('\n');
  expect(first).toMatch(/^error: \S/);
  expect(first).toMatch(says);
  // Wrong usage also points at --help.
  expect(more.length, outcome.stderr).toBeLessThanOrEqual(code === 2 ? 2 : 1);
  expect(outcome.stderr).not.toMatch(/^\s+at |Error:.*\n\s+at /m);
}
