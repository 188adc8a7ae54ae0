/** `watch` between two network namespaces of this machine. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attempt, run, until } from '../cluster/proc.ts';
import { buildProber } from '../unit/prober.ts';
import { expectSentence, nettools, startNettools, userEnv } from './support/cli.ts';
import { ensureTmux, Terminal } from './support/terminal.ts';
import { PASSING_FAULTS, type PassingFault, SERVER, WatchPair } from './support/watch-pair.ts';

const env = { PATH: [dirname(buildProber()), userEnv['PATH']].join(delimiter) };
let folder = '';
let pair: WatchPair;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nettools-watch-'));
  pair = await WatchPair.make();
  await ensureTmux();
});
afterAll(async () => {
  await pair.remove();
  rmSync(folder, { recursive: true, force: true });
});

const watch = (...more: readonly string[]): string[] => ['watch', `netns:${pair.name}`, ...more];

/** The watches that run in the namespace: their words have an id that only they know. */
async function farSides(): Promise<string[]> {
  const { stdout } = await attempt(['ip', 'netns', 'pids', pair.name]);
  const pids = stdout.split('\n').filter((pid) => pid !== '');
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('watch-start');
    } catch {
      // It has ended meanwhile.
      return false;
    }
  });
}

/** It stays for a moment, for a client that has lost its last words. */
async function gone(): Promise<void> {
  await until('its end', 30, async () => (await farSides()).length === 0 || 'it still runs');
}

describe('a fault of three seconds', () => {
  it('is caught with its packets and its cause, and a twin beside it stays healthy', async () => {
    const [fault] = PASSING_FAULTS as readonly [PassingFault];
    const save = join(folder, 'fault');
    const watching = nettools(
      watch('--to', fault.to, '--to', SERVER, '--for', '16s', '-o', 'json', '--save', save),
      { env },
    );
    await sleep(6000);
    await fault.begin(pair);
    await sleep(3000);
    await fault.end(pair);
    const { code, stdout, stderr } = await watching;
    const document = JSON.parse(stdout);
    expect(document, stderr).toMatchObject({ kind: 'Watch', verdict: 'fail', ended: 'over', folder: save });
    expect(document.outages).toMatchObject([
      {
        number: 1,
        destination: fault.to,
        pcap: 'outage-1.pcap',
        findings: [{ id: fault.finding, subject: fault.to }],
      },
    ]);
    expect(document.outages[0].diagnosis).toMatchObject({ bundle: 'outage-1.json' });
    expect(document.destinations[1]).toMatchObject({ destination: SERVER, missed: 0 });
    expect(code).toBe(1);
    // One line for each event, and none of its own for each probe.
    expect(stderr).toMatch(/^\d\d:\d\d:\d\d 192\.0\.2\.2:5432: no answer \(outage 1\)$/m);
    expect(stderr).toMatch(/answers again after \d missed probes? \(outage 1\)$/m);
    expect(stderr.split('\n').length).toBeLessThan(12);
    const packets = await run([
      'tcpdump',
      '-nr',
      join(save, 'outage-1.pcap'),
      'tcp[tcpflags] & tcp-syn != 0',
    ]);
    expect(packets).toMatch(/192\.0\.2\.1\.\d+ > 192\.0\.2\.2\.5432: Flags \[S\]/);
    expect(JSON.parse(readFileSync(join(save, 'watch.json'), 'utf8'))).toEqual(document);
    expect(await nettools(['judge', join(save, 'outage-1.json'), '-o', 'json'])).toMatchObject({
      stderr: '',
    });
    expect(await nettools(['judge', save, '-o', 'json'])).toMatchObject({ code, stdout, stderr: '' });
  });
});

it('tells what it saw where a disk is full, and leaves no part of a file', async () => {
  const [fault] = PASSING_FAULTS as readonly [PassingFault];
  const disk = join(folder, 'disk');
  await run(['mkdir', disk]);
  await run(['mount', '-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', disk]);
  try {
    const save = join(disk, 'full');
    const watching = nettools(watch('--to', fault.to, '--for', '12s', '-o', 'json', '--save', save), { env });
    await sleep(5000);
    await fault.begin(pair);
    await sleep(3000);
    await fault.end(pair);
    const { code, stdout, stderr } = await watching;
    const document = JSON.parse(stdout);
    expect(document.outages, stderr).toMatchObject([{ findings: [{ id: fault.finding }], diagnosis: {} }]);
    expect(document.outages[0].diagnosis.bundle).toBeUndefined();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^note: nothing can be saved in .*\/full: no space is left on the device\.$/m);
    const left = existsSync(save) ? readdirSync(save) : undefined;
    // A folder in which nothing is would tell nobody anything.
    expect(left?.filter((name) => statSync(join(save, name)).size === 0 || name.endsWith('.part'))).toEqual(
      left === undefined ? undefined : [],
    );
    expect(left).not.toEqual([]);
    expect(document.folder === undefined).toBe(left === undefined);
  } finally {
    await run(['umount', disk]);
  }
});

it('saves its timeline when its terminal is closed', async () => {
  const save = join(folder, 'hung-up');
  const { child, outcome } = startNettools(watch('--to', SERVER, '--for', '10m', '--save', save), 'ignore', {
    env,
  });
  await until('the far side', 30, async () => (await farSides()).length > 0 || 'it does not run');
  await sleep(3000);
  child.kill('SIGHUP');
  expect((await outcome).code).toBe(129);
  expect(JSON.parse(readFileSync(join(save, 'watch.json'), 'utf8'))).toMatchObject({
    kind: 'Watch',
    ended: 'asked',
  });
});

it('a healthy network is passed, and nothing is written or left', async () => {
  const words = watch(
    '--to',
    `${SERVER}:5432,${SERVER},${SERVER}:53/udp,db.example.test:5432`,
    '--for',
    '8s',
    '--interval',
    '250ms',
  );
  const { code, stdout, stderr } = await nettools(words, { env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^verdict: pass \(every probe was answered\)$/m);
  expect(stdout).toMatch(/^db\.example\.test:5432 +tcp +3\d +0 +0 %/m);
  await gone();
});

it('ends by itself when its client was killed', async () => {
  const { child, outcome } = startNettools(watch('--to', SERVER, '--for', '10m', '--away', '3s'), 'ignore', {
    env,
  });
  await until('the far side', 30, async () => (await farSides()).length > 0 || 'it does not run');
  child.kill('SIGKILL');
  await outcome;
  await gone();
});

it('shows a line of blocks for each destination, at any width, and its timeline at Ctrl-C', async () => {
  const terminal = await Terminal.open('bash --noprofile --norc', { ...userEnv, ...env });
  try {
    await terminal.resize(80, 24);
    await terminal.enter(
      `clear; kubectl-nettools watch netns:${pair.name} --to ${SERVER}:5432 --to ${SERVER} --for 10m; echo "[code $?]"`,
    );
    await terminal.shows(/192\.0\.2\.2:5432 +[▁▂▃▄▅▆▇█]{3,} +\d.* worst .* lost 0 %/);
    await terminal.resize(50, 24);
    await terminal.shows(/^192\.0\.2\.2:5432 +[▁▂▃▄▅▆▇█]{5,} +\d+\.\d+ ms$/m);
    await terminal.press('C-c');
    const text = await terminal.shows(/\[code \d+\]/);
    expect(text).toMatch(/verdict: pass \(every probe was answered\)\n\[code 0\]/);
    // The live view is gone; what a terminal made of the one that was wider is its own.
    expect(text).not.toMatch(/^192\.0\.2\.2:5432 +[▁▂▃▄▅▆▇█]{5,} +\d+\.\d+ ms$/m);
  } finally {
    await terminal.close();
  }
  await gone();
});

it('says in one sentence what it cannot watch', async () => {
  // An image without the prober is like this machine without it.
  const outcome = await nettools(watch('--to', SERVER, '--for', '5s'), {});
  expect(outcome.stderr).toMatch(
    /names are looked up|error: the image has no nettools-prober, which a watch needs\./,
  );
  expect(outcome.code).toBe(3);
  expectSentence(
    await nettools(watch('--to', `${SERVER}:514/udp`), { env }),
    2,
    /silence of UDP port 514 says nothing/,
  );
  expectSentence(await nettools(watch(), {}), 2, /watch needs --to DEST/);
  expectSentence(await nettools(watch('--to', SERVER, '--interval', '10ms'), {}), 2, /at least 100ms/);
});
