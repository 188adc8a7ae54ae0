/**
 * Twenty watches of three minutes with a fault of three seconds in each, at a random moment, and twenty without: at the same
 * time, as a busy machine is what a watch has to live with.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../cluster/proc.ts';
import { nettools, userEnv } from '../e2e/support/cli.ts';
import { PASSING_FAULTS, type PassingFault, WatchPair } from '../e2e/support/watch-pair.ts';
import { buildProber } from '../unit/prober.ts';

const RUNS = 20;
const SECONDS = 180;
const FAULT_MS = 3000;

const folder = mkdtempSync(join(tmpdir(), 'nettools-watch-'));
let pairs: WatchPair[] = [];
beforeAll(async () => {
  for (let i = 0; i < RUNS; i++) pairs.push(await WatchPair.make());
});
afterAll(async () => {
  for (const pair of pairs) await pair.remove();
  pairs = [];
  rmSync(folder, { recursive: true, force: true });
});

interface SeenOutage {
  readonly number: number;
  readonly destination: string;
  readonly durationMs: number;
  readonly to?: string;
  readonly findings: readonly { readonly id: string }[];
  readonly pcap?: string;
  readonly packets?: number;
}

async function watched(pair: WatchPair, to: string, name: string) {
  const save = join(folder, name);
  const env = { PATH: [dirname(buildProber()), userEnv['PATH']].join(delimiter) };
  const argv = [
    'watch',
    `netns:${pair.name}`,
    '--to',
    to,
    '--for',
    `${SECONDS}s`,
    '-o',
    'json',
    '--save',
    save,
  ];
  const outcome = await nettools(argv, { env, limit: SECONDS + 120 });
  const document = JSON.parse(outcome.stdout || '{}') as {
    readonly verdict?: string;
    readonly outages?: readonly SeenOutage[];
    readonly destinations?: readonly { readonly sent: number; readonly missed: number }[];
  };
  return { outcome, document, save };
}

/** Sooner than the last ten seconds, and when the watch has surely begun. */
function randomMoment(): number {
  return (20 + Math.random() * (SECONDS - 40)) * 1000;
}

async function caught(pair: WatchPair, fault: PassingFault, at: number): Promise<string[]> {
  const to = fault.to;
  const watching = watched(pair, to, `fault-${at}`);
  const moment = randomMoment();
  await sleep(moment);
  await fault.begin(pair);
  await sleep(FAULT_MS);
  await fault.end(pair);
  const { outcome, document, save } = await watching;
  const [outage, ...more] = document.outages ?? [];
  const title = `${fault.title}, ${(moment / 1000).toFixed(1)} s after the start`;
  if (outcome.code !== 1 || outage === undefined)
    return [`${title}: not caught (exit ${outcome.code}): ${outcome.stderr}`];
  const problems: string[] = [];
  if (more.length > 0) problems.push(`${title}: ${more.length} more outages: ${JSON.stringify(more)}`);
  if (outage.findings[0]?.id !== fault.finding)
    problems.push(
      `${title}: ${JSON.stringify(outage.findings.map(({ id }) => id))}, not ${fault.finding}: ${JSON.stringify(outage)}`,
    );
  if (outage.to === undefined) problems.push(`${title}: it never ended`);
  if (outage.pcap === undefined || (outage.packets ?? 0) === 0) problems.push(`${title}: no packets`);
  else if (readFileSync(join(save, outage.pcap)).length < 24 + 32) problems.push(`${title}: an empty file`);
  else await run(['tcpdump', '-nr', join(save, outage.pcap)]);
  return problems;
}

test('a fault of three seconds is caught in twenty of twenty watches', async () => {
  const all = await Promise.all(
    pairs.map((pair, at) => caught(pair, PASSING_FAULTS[at % PASSING_FAULTS.length] as PassingFault, at)),
  );
  expect(all.flat()).toEqual([]);
});

test('twenty watches without one see none', async () => {
  const all = await Promise.all(
    pairs.map((pair, at) =>
      watched(pair, PASSING_FAULTS[at % PASSING_FAULTS.length]?.to ?? '', `none-${at}`),
    ),
  );
  const seen = all.map(({ outcome, document: { verdict, outages } }) => ({
    code: outcome.code,
    verdict,
    outages,
  }));
  expect(seen).toEqual(Array.from({ length: RUNS }, () => ({ code: 0, verdict: 'pass', outages: [] })));
  for (const { document } of all) {
    const [only] = document.destinations ?? [];
    expect(only?.missed).toBe(0);
    // One a second; the first and the last may be out of the time.
    expect(only?.sent).toBeGreaterThan(SECONDS - 5);
  }
});
