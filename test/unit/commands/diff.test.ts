/** `diff` of files: what it takes, what it refuses, and its exit codes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { run } from '../../../src/commands/diff.ts';
import type { DiffArgs } from '../../../src/model/diff-args.ts';
import { UserError } from '../../../src/model/errors.ts';
import { runRecording } from '../../recordings/recordings.ts';
import { brokenJson, SEED } from '../fuzz/mutate.ts';
import { check, finding, report } from '../report/build.ts';
import { list, matrixOf } from '../report/html/pages.ts';

const folder = mkdtempSync(join(tmpdir(), 'nettools-diff-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());

let printed = '';
let said = '';
beforeEach(() => {
  printed = '';
  said = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
  vi.spyOn(process.stdout, 'write').mockImplementation((text, ...rest) => {
    printed += String(text);
    const done = rest.at(-1);
    if (typeof done === 'function') (done as () => void)();
    return true;
  });
});

const { input, evidence } = runRecording('healthy');
const bundle = {
  apiVersion: 'nettools/v1',
  kind: 'Bundle',
  format: 1,
  tool: { version: '1.2.3' },
  target: report().target,
  startedAt: report().startedAt,
  durationMs: 1,
  checks: [{ id: 'latency', input, evidence, durationMs: 5 }],
};
const bad = report(check('dns', { findings: [finding('NT-DNS-001', 'critical')] }));
const good = report(check('dns'));

function diff(before: unknown, after: unknown, rest: Partial<DiffArgs> = {}): Promise<number> {
  const files = [before, after].map((content, at) => {
    const file = join(folder, `${at}.json`);
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    return file;
  });
  const limits = { leastShiftMs: 2, leastShiftShare: 0.25, leastLoss: 0.02, failOn: 'warning' as const };
  return run({ before: files[0] ?? '', after: files[1] ?? '', output: 'json', limits, ...rest });
}

describe('diff', () => {
  it.each([
    ['a bundle with itself', bundle, bundle, 0],
    ['a list with itself', list, list, 3],
    ['a matrix with itself', matrixOf(4), matrixOf(4), 0],
    ['what became worse', good, bad, 1],
    ['what became better', bad, good, 0],
    ['what is no longer known', good, report(check('dns', { status: 'error' })), 3],
  ])('of %s', async (_name, before, after, code) => {
    expect(await diff(before, after)).toBe(code);
    expect(JSON.parse(printed)).toMatchObject({ kind: 'Diff' });
  });

  it.each([
    ['the same run twice', '2026-01-02T00:00:00Z', '2026-01-02T00:00:00Z', / are the same run\.\n$/],
    [
      'the later one first',
      '2026-01-02T00:00:01Z',
      '2026-01-02T00:00:00Z',
      /^note: AFTER \(.*\) began before/,
    ],
    ['the earlier one first', '2026-01-02T00:00:00Z', '2026-01-02T00:00:01Z', /^$/],
  ])('tells of %s, which a gate would pass for ever', async (_what, before, after, expected) => {
    expect(await diff({ ...good, startedAt: before }, { ...good, startedAt: after })).toBe(0);
    expect(said).toMatch(expected);
  });

  it.each(['table', 'yaml', 'markdown', 'junit', 'html'] as const)('prints %s', async (output) => {
    expect(await diff(good, bad, { output })).toBe(1);
    expect(printed).toContain('NT-DNS-001');
  });

  it.each([
    [
      'two kinds',
      good,
      matrixOf(2),
      3,
      /is of pod\/web-0 in default and .* is of|only runs of one kind can be compared/,
    ],
    ['no JSON', 'x', good, 3, /is no run: it has to be a bundle/],
    ['another document', { kind: 'Pod' }, good, 3, /is no run/],
    ['a report without its checks', { ...good, checks: [{ id: 'dns' }] }, good, 3, /is no run/],
    ['a bundle of another format', { ...bundle, format: 99 }, good, 3, /another version saved it/],
  ])('refuses %s', async (_name, before, after, exitCode, message) => {
    const error = await diff(before, after).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ exitCode, message: expect.stringMatching(message) });
  });

  it('refuses a file that is not there', async () => {
    const missing = join(folder, 'missing.json');
    const limits = { leastShiftMs: 2, leastShiftShare: 0.25, leastLoss: 0.02, failOn: 'warning' as const };
    await expect(run({ before: missing, after: missing, output: 'json', limits })).rejects.toThrow(
      'cannot be read: ',
    );
  });

  it('compares a report that is broken anywhere, or refuses it in one sentence', async () => {
    for (const whole of [report(...list.items.flatMap(({ checks }) => checks)), matrixOf(3)])
      await fc.assert(
        fc.asyncProperty(brokenJson(whole), async (broken) => {
          try {
            expect([0, 1, 3]).toContain(await diff(whole, broken, { output: 'html' }));
          } catch (error) {
            if (!(error instanceof UserError)) throw error;
            expect(error.message).toMatch(/is no run|cannot be compared|can be compared/);
          }
        }),
        { seed: SEED, numRuns: 150 },
      );
  });
});
