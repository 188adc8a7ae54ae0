/** Runs commands to their end, and waits for conditions. */
import { spawn } from 'node:child_process';

export interface RunOptions {
  readonly input?: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Gets each line of stderr as it comes. */
  readonly onLine?: (line: string) => void;
}

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command and returns its output and exit code (127 when it is not there, 128 after a signal). */
export function attempt(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [command = '', ...args] = argv;
  return new Promise((done) => {
    const child = spawn(command, args, { cwd: options.cwd, env: options.env ?? process.env });
    let stdout = '';
    let stderr = '';
    let partial = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      if (!options.onLine) return;
      const lines = (partial + text).split('\n');
      partial = lines.pop() ?? '';
      for (const line of lines) options.onLine(line);
    });
    // A command that ends without reading its input must not end us: its exit code tells.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    child.on('error', (error) => done({ code: 127, stdout, stderr: stderr + error.message }));
    child.on('close', (code) => done({ code: code ?? 128, stdout, stderr }));
  });
}

/** Runs a command that must succeed; returns its stdout. The error names the command and its last words. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await attempt(argv, options);
  if (result.code !== 0) {
    const words = (result.stderr.trim() || result.stdout.trim()).split('\n').slice(-15).join('\n');
    throw new Error(`${argv.join(' ')} ended with ${result.code}\n${words}`);
  }
  return result.stdout;
}

/**
 * Asks again until the condition holds.
 * @param condition returns true, or says what is still missing
 * @param limit seconds after which the error says what was missing last
 */
export async function until(
  title: string,
  limit: number,
  condition: () => Promise<true | string>,
): Promise<void> {
  const end = performance.now() + limit * 1000;
  for (;;) {
    const state = await condition();
    if (state === true) return;
    if (performance.now() > end) throw new Error(`${title}: not within ${limit} s (${state})`);
    await new Promise((resume) => setTimeout(resume, 100));
  }
}
