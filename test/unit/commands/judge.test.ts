import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { run } from '../../../src/commands/judge.ts';
import type { ReportList } from '../../../src/model/report-list.ts';

const FLAGS = { report: { output: 'json', failOn: 'critical' }, failOnOutage: 'warning' } as const;
let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nettools-judge-'));
  file = join(folder, 'run.json');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bundle = {
  apiVersion: 'nettools/v1',
  kind: 'Bundle',
  format: 1,
  tool: { version: '1.0.0' },
  target: { kind: 'pod', name: 'web-0', address: '' },
  startedAt: '2026-01-01T00:00:00Z',
  durationMs: 1,
  checks: [] as unknown[],
};

const result = {
  id: 'dns',
  command: ['dig'],
  status: 'exited',
  code: 0,
  durationMs: 1,
  stdout: '',
  stderr: '',
  truncated: false,
};

function judging(content: unknown): Promise<number> {
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return run({ bundle: file, ...FLAGS });
}

describe('judge of a list', () => {
  const list = (parts: object = {}) => ({
    apiVersion: 'nettools/v1',
    kind: 'BundleList',
    format: 1,
    tool: { version: '1.0.0' },
    startedAt: '2026-01-01T00:00:00Z',
    durationMs: 1,
    items: [{ place: 0, bundle }],
    failed: [{ target: 'pod/x', reason: 'gone' }],
    ...parts,
  });

  it('puts the targets into the order in which they were asked for', async () => {
    const named = (place: number, name: string) => ({
      place,
      bundle: { ...bundle, target: { ...bundle.target, name } },
    });
    const write = vi
      .spyOn(process.stdout, 'write')
      .mockImplementation((_text: unknown, ...rest: unknown[]) => {
        (rest.at(-1) as () => void)();
        return true;
      });
    try {
      expect(await judging(list({ items: [named(2, 'c'), named(0, 'a'), named(1, 'b')] }))).toBe(3);
      const printed = JSON.parse(String(write.mock.calls[0]?.[0])) as ReportList;
      expect(printed.items.map(({ target }) => target.name)).toEqual(['a', 'b', 'c']);
      expect(printed.failed).toEqual([{ target: 'pod/x', reason: 'gone' }]);
    } finally {
      write.mockRestore();
    }
  });

  it.each([
    ['an item without its place', list({ items: [{ bundle }] })],
    ['an item without a bundle', list({ items: [{ place: 0, bundle: null }] })],
    ['no failures', list({ failed: undefined })],
    ['a failure without a reason', list({ failed: [{ target: 'pod/x' }] })],
    ['a file that was never finished', JSON.stringify(list()).slice(0, -20)],
    ['another format', list({ format: 2 })],
  ])('refuses %s', async (_what, content) => {
    await expect(judging(content)).rejects.toMatchObject({ exitCode: 3 });
  });
});

describe('judge', () => {
  it.each([
    ['no JSON', '{'],
    ['null', null],
    ['a report', { ...bundle, kind: 'Report' }],
    ['no target', { ...bundle, target: undefined }],
    ['no time', { ...bundle, startedAt: 7 }],
    ['a check that is none', { ...bundle, checks: [null] }],
    ['a check without evidence', { ...bundle, checks: [{ id: 'dns', durationMs: 1 }] }],
    [
      'a result without its command',
      {
        ...bundle,
        checks: [{ id: 'dns', durationMs: 1, evidence: { dns: { ...result, command: undefined } } }],
      },
    ],
  ])('refuses what is not a bundle: %s', async (_what, content) => {
    await expect(judging(content)).rejects.toMatchObject({
      exitCode: 3,
      message: `${file} is not a bundle: write one with --save FILE.`,
    });
  });

  it.each([
    ['none', undefined],
    ['a later one', 2],
    ['a text', '1'],
    ['one of another shape', 2, { checks: {}, tool: 'nettools' }],
  ])('refuses a bundle of another format in a sentence: %s', async (_what, format, rest: object = {}) => {
    await expect(judging({ ...bundle, ...rest, format })).rejects.toMatchObject({
      exitCode: 3,
      message: `${file} cannot be judged: another version saved it, in a format that this one does not read; judge it with that version.`,
    });
  });

  it('refuses a file that is too large to be one', async () => {
    writeFileSync(file, '');
    truncateSync(file, 2 ** 29);
    await expect(run({ bundle: file, ...FLAGS })).rejects.toMatchObject({
      exitCode: 3,
      message: `${file} is not a bundle: it is larger than 256 MiB.`,
    });
  });

  it.each([
    ['that is not there', () => join(folder, 'none'), 'there is no such file or folder'],
    ['below a file', () => join(file, 'x'), 'a part of its path is not a folder'],
  ])('tells why it cannot read one %s, in words', async (_what, path, why) => {
    writeFileSync(file, '');
    await expect(run({ bundle: path(), ...FLAGS })).rejects.toMatchObject({
      exitCode: 3,
      message: `${path()} cannot be read: ${why}.`,
    });
  });

  it.each([
    ['an input that the check does not know', { id: 'dns', input: {}, evidence: {}, durationMs: 1 }],
    [
      'a check by a name that every object has',
      { id: 'constructor', input: {}, evidence: {}, durationMs: 1 },
    ],
  ])('tells of a damaged bundle in a sentence: %s', async (_what, check) => {
    await expect(judging({ ...bundle, checks: [check] })).rejects.toMatchObject({
      exitCode: 3,
      message: `${file} cannot be judged: it is damaged, or another version saved it.`,
    });
  });
});
