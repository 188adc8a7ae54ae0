/** Runs hyperfine (apt) on pairs of commands in one run and prints their ratio. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One command of a comparison. */
export interface BenchCommand {
  readonly name: string;
  readonly command: string;
}

/** How to compare. */
export interface BenchOptions {
  readonly runs: number;
  readonly warmup?: number;
  /** Runs before each timed run and is not timed. */
  readonly prepare?: string;
  /** Whether the commands need a shell (a pipe); without one there is less noise. */
  readonly shell?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

interface Timing {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/**
 * Times the commands and prints each one's median and its ratio to the last one, which is the yardstick.
 * @throws when a command fails: a failing run would be a fast one
 */
export function compare(title: string, commands: readonly BenchCommand[], options: BenchOptions): void {
  ensureHyperfine();
  const folder = mkdtempSync(join(tmpdir(), 'nettools-bench-'));
  const report = join(folder, 'report.json');
  try {
    const { status } = spawnSync(
      'hyperfine',
      [
        ...(options.shell ? [] : ['-N']),
        ...[
          '--style',
          'none',
          '--runs',
          String(options.runs),
          '--warmup',
          String(options.warmup ?? 0),
          '--export-json',
          report,
        ],
        ...(options.prepare === undefined ? [] : ['--prepare', options.prepare]),
        ...commands.flatMap(({ name, command }) => ['-n', name, command]),
      ],
      { stdio: ['ignore', 'ignore', 'inherit'], env: options.env ?? process.env },
    );
    if (status !== 0) throw new Error(`${title}: a command failed`);
    const { results } = JSON.parse(readFileSync(report, 'utf8')) as { results: Timing[] };
    print(title, commands, results);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function print(title: string, commands: readonly BenchCommand[], results: readonly Timing[]): void {
  const yardstick = results.at(-1)?.median ?? 1;
  console.log(title);
  results.forEach(({ median, min, max }, i) => {
    const times = `${ms(median)} ms (${ms(min)} … ${ms(max)})`;
    console.log(
      `  ${(commands[i]?.name ?? '').padEnd(44)} ${times.padEnd(30)} ${(median / yardstick).toFixed(2)}x`,
    );
  });
}

function ms(seconds: number): string {
  return (seconds * 1000).toFixed(0);
}

function ensureHyperfine(): void {
  if (spawnSync('hyperfine', ['--version'], { stdio: 'ignore' }).status === 0) return;
  console.error('bench: installing hyperfine');
  execFileSync('apt-get', ['install', '-y', '--no-install-recommends', 'hyperfine'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
