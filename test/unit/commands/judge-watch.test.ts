/** `judge` of what a watch has saved. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { run } from '../../../src/commands/judge.ts';
import type { FailOn, ReportFormat } from '../../../src/model/args.ts';
import type { Watch } from '../../../src/model/watch.ts';
import { judgedAgain } from '../../../src/timeline/again.ts';
import { blindWatch, quietWatch, watch } from '../report/watches.ts';

const folder = mkdtempSync(join(tmpdir(), 'nettools-judge-watch-'));
const file = join(folder, 'watch.json');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let printed = '';
beforeEach(() => {
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text, ...rest) => {
    printed += String(text);
    (rest.at(-1) as unknown as () => void)();
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

function judging(
  content: unknown,
  { output = 'json', failOnOutage = 'warning' }: { output?: ReportFormat; failOnOutage?: FailOn } = {},
  place = file,
): Promise<number> {
  writeFileSync(file, JSON.stringify(content));
  return run({ bundle: place, report: { output, failOn: 'critical' }, failOnOutage });
}

/** What a lost probe alone leaves. */
const [outage] = watch.outages as [Watch['outages'][number]];
const { icmp: _icmp, dns: _dns, ...evidence } = outage.evidence;
const oneLost: Watch = {
  ...watch,
  verdict: 'pass',
  destinations: quietWatch.destinations,
  outages: [{ ...outage, missed: 1, evidence, findings: [] }],
};

describe('judge of a watch', () => {
  it.each(['its file', 'its folder'])(
    'takes %s, and judges the evidence of each outage again',
    async (what) => {
      expect(await judging(oneLost, {}, what === 'its file' ? file : folder)).toBe(1);
      const again = JSON.parse(printed) as Watch;
      expect(again.verdict).toBe('warn');
      expect(again.outages[0]?.findings).toMatchObject([
        { id: 'NT-LAT-002', severity: 'warning', subject: 'svc/db:5432' },
      ]);
      expect(again.outages[0]?.diagnosis).toEqual(outage.diagnosis);
      // Once more, nothing changes.
      expect(judgedAgain(again)).toEqual(again);
    },
  );

  it('has the commands of its remedies name the cluster that it was of', () => {
    const filtered = { ...outage, evidence: { ...evidence, reason: 'not-permitted' as const } };
    const [again] = judgedAgain({ ...watch, outages: [filtered], connection: { context: 'far' } }).outages;
    expect(again?.findings[0]?.id).toBe('NT-FW-002');
    expect(again?.findings[0]?.remediation).toContain('--context far');
  });

  it.each([
    [oneLost, 'warning', 1],
    [oneLost, 'critical', 0],
    [watch, 'critical', 1],
    [quietWatch, 'info', 0],
    [blindWatch, 'critical', 3],
  ] as const)('has the exit code of the watch: %#', async (content, failOnOutage, code) => {
    expect(await judging(content, { failOnOutage })).toBe(code);
  });

  it.each<[ReportFormat, RegExp]>([
    ['table', /^outage 1: 03:05:05 until 03:05:08 \(3\.0 s\), svc\/db:5432: 3 missed$/m],
    ['yaml', /^kind: Watch$/m],
    ['junit', /<testsuite name="pod\/web-0 in shop" tests="4" failures="2" errors="1" /],
    ['markdown', /^### outage 1: 03:05:05 until 03:05:08/m],
    ['html', /^<!doctype html>/],
    ['openmetrics', /^# EOF$/m],
  ])('prints it as %s', async (output, expected) => {
    expect(await judging(watch, { output })).toBe(1);
    expect(printed).toMatch(expected);
  });

  it.each<[string, unknown]>([
    ['no destinations', { ...watch, destinations: undefined }],
    ['a number that is a text', { ...watch, durationMs: '\u001b[2J' }],
    ['a time that is none', { ...watch, startedAt: 'now' }],
    ['an outage without evidence', { ...watch, outages: [{ ...outage, evidence: {} }] }],
    ['an outage of another destination', { ...watch, outages: [{ ...outage, destination: 'x' }] }],
    ['an event that is none', { ...watch, events: [null] }],
    ['a kind of target that there is not', { ...watch, target: { ...watch.target, kind: 'pots' } }],
  ])('tells of a damaged one in a sentence: %s', async (_what, content) => {
    await expect(judging(content)).rejects.toMatchObject({
      exitCode: 3,
      message: `${file} cannot be judged: it is damaged, or another version saved it.`,
    });
  });

  it('says of a folder without one what is missing', async () => {
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    await expect(judging(watch, {}, empty)).rejects.toMatchObject({
      exitCode: 3,
      message: `${empty} is not the folder of a watch that has ended: there is no watch.json in it.`,
    });
  });
});
