/**
 * An API server that takes its time, and one whose watches do not last: commands get through as long as `--timeout`
 * allows, and then say what they waited for.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiPort } from '../cluster/paths.ts';
import { certificate, privateKey } from '../cluster/pki.ts';
import { until } from '../cluster/proc.ts';
import { nettools, type Outcome, startNettools } from '../e2e/support/cli.ts';
import { pod, testNamespace } from '../e2e/support/cluster.ts';
import { appears, disappears, pidsOf, uniqueSleep } from '../e2e/support/processes.ts';
import { ensureTmux, Terminal } from '../e2e/support/terminal.ts';
import { ApiFront, type WatchEnd } from '../servers/api-front.ts';

const ns = testNamespace('slow-api');
const folder = mkdtempSync(join(tmpdir(), 'nettools-slow-'));
const config = join(folder, 'kubeconfig');
/** Of each answer, in ms: a slow link and a busy server together. */
const SLOW_MS = 2_000;
/** For good, as far as a command with this limit is concerned. */
const STUCK_MS = 120_000;
const TIMEOUT_SECONDS = 10;
/** Beyond the limit a command gives its session up, and ends. */
const GRACE_SECONDS = 5;

let front: ApiFront;
let target: string;
let pods = 0;

beforeAll(async () => {
  await ensureTmux();
});

beforeEach(async () => {
  front = await ApiFront.start({
    port: apiPort,
    ca: readFileSync(certificate('ca')),
    cert: readFileSync(certificate('admin')),
    key: readFileSync(privateKey('admin')),
  });
  writeFileSync(config, front.kubeconfig);
  // A pod that nobody has entered: each test waits for a container.
  target = `web-${pods++}`;
  await ns.start(pod(target));
});

afterEach(() => front.close());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A command of the cluster behind the front, in the test's namespace. */
const through = (command: string, ...words: string[]): string[] => [
  command,
  '-n',
  ns.name,
  '--kubeconfig',
  config,
  ...words,
];

/** Each command to its end, and what it says when all is well. */
const COMMANDS: Readonly<Record<string, (...flags: string[]) => Promise<Outcome>>> = {
  run: async (...flags) => {
    const outcome = await nettools(through('run', target, ...flags, '--', 'echo', 'done'), { limit: 300 });
    if (outcome.code === 0) expect(outcome.stdout).toBe('done\n');
    return outcome;
  },
  diagnose: async (...flags) => {
    const words = through('diagnose', target, '-o', 'json', ...flags);
    const outcome = await nettools(words, { limit: 300 });
    if (outcome.code === 0) expect(JSON.parse(outcome.stdout)).toMatchObject({ verdict: 'pass' });
    return outcome;
  },
  capture: async (...flags) => {
    const file = join(folder, `${target}.pcap`);
    const words = through('capture', target, '-w', file, '--duration', '2s', ...flags);
    const outcome = await nettools(words, { limit: 300 });
    // The file's own head is there, be there packets or not.
    if (outcome.code === 0) expect(readFileSync(file).length).toBeGreaterThanOrEqual(24);
    return outcome;
  },
  shell: async (...flags) => {
    const terminal = await Terminal.open();
    try {
      await terminal.enter(
        `kubectl nettools ${through('shell', target, ...flags).join(' ')}; echo "[code $?]"`,
      );
      let screen = '';
      let typed = false;
      await until('the end of the shell', 300, async () => {
        screen = await terminal.text();
        if (!typed && /nettools:web\S* \S*# ?$/.test(screen)) {
          typed = true;
          await terminal.enter('exit');
        }
        return /^\[code \d+\]$/m.test(screen) || screen;
      });
      const code = Number(/^\[code (\d+)\]$/m.exec(screen)?.[1]);
      return { code, stderr: screen, stdout: '', bytes: Buffer.of(), seconds: 0 };
    } finally {
      await terminal.close();
    }
  },
};
const names = Object.keys(COMMANDS);

async function outcomeOf(name: string, ...flags: string[]): Promise<Outcome> {
  const command = COMMANDS[name];
  if (command === undefined) throw new Error(name);
  const outcome = await command(...flags);
  const said = outcome.stderr.split('\n').filter((line) => /^(error|note|hint): /.test(line));
  console.log(
    `${name} ${flags.join(' ')} | ${outcome.code} in ${outcome.seconds.toFixed(1)} s | ${said.join(' ')}`,
  );
  return outcome;
}

describe(`an API server that takes ${SLOW_MS / 1000} s for each answer`, () => {
  it.each(names)('carries %s', async (name) => {
    front.delayMs = SLOW_MS;
    const { code, stderr } = await outcomeOf(name);
    expect(code, stderr).toBe(0);
    expect(front.counts.held).toBeGreaterThan(1);
  });
});

describe('an API server that no longer answers', () => {
  it.each(names)('is told by %s within its limit', async (name) => {
    front.delayMs = STUCK_MS;
    const { code, stderr, seconds } = await outcomeOf(name, '--timeout', `${TIMEOUT_SECONDS}s`);
    expect(code, stderr).toBe(3);
    const errors = stderr.split('\n').filter((line) => line.startsWith('error: '));
    expect(errors, stderr).toHaveLength(1);
    expect(errors[0]).toMatch(/API server/);
    expect(seconds).toBeLessThan(TIMEOUT_SECONDS + GRACE_SECONDS);
  });

  it('does not keep a command that runs from its end', async () => {
    const sleep = uniqueSleep();
    const line = `sleep ${sleep} & sleep 8; kill $!; echo done`;
    const { outcome } = startNettools(through('run', target, '--', 'sh', '-c', line), 'ignore', {
      limit: 120,
    });
    await appears('sleep', sleep);
    front.delayMs = STUCK_MS;
    const { code, stdout, stderr } = await outcome;
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'done\n', stderr: '' });
    await disappears(30, 'sleep', sleep);
    expect(pidsOf('sleep', sleep)).toEqual([]);
  });

  it('does not lose what a diagnosis has seen, nor keep it from its end', async () => {
    const words = through('diagnose', target, '--to', '198.18.77.1:80');
    const { outcome } = startNettools(words, 'ignore', { limit: 120 });
    await until('the probes', 60, () => Promise.resolve(front.counts.streams > 0 || 'no stream was opened'));
    front.delayMs = STUCK_MS;
    const { code, stdout, stderr, seconds } = await outcome;
    console.log(`diagnose in the middle | ${code} in ${seconds.toFixed(1)} s | ${stderr}`);
    expect(code, stderr).toBe(1);
    expect(stdout).toMatch(/198\.18\.77\.1:80/);
    expect(stderr).toMatch(/whether anything has changed since is not known: the API server gave no answer/);
    // The dead destination's own waits, and the API's few seconds.
    expect(seconds).toBeLessThan(45);
  });
});

describe.each<WatchEnd>(['closed', 'reset'])('watches that are %s after a moment', (end) => {
  it.each(names)('carry %s', async (name) => {
    front.cutWatches(50, end);
    const { code, stderr } = await outcomeOf(name);
    expect(code, stderr).toBe(0);
    expect(front.counts.cut).toBeGreaterThan(0);
  });
});
