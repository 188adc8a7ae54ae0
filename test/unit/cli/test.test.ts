import { describe, expect, it } from 'vitest';
import { parse } from '../../../src/cli/parse.ts';
import type { TestArgs, TestInitArgs } from '../../../src/model/test-args.ts';

const parsed = async (...argv: string[]): Promise<unknown> => (await parse(argv)).args;

describe('test', () => {
  it('takes files, a format and who may be a witness', async () => {
    const args = (await parsed('test', '-f', 'a.yaml', '-f', 'b', '-o', 'tap')) as TestArgs;
    expect(args).toMatchObject({
      files: ['a.yaml', 'b'],
      output: 'tap',
      isPlan: false,
      witness: 'node',
      retryForMs: 0,
      limits: { atOnce: 8, most: 100, isSure: false },
    });
    expect(args.targetOf('node/n1')).toEqual({ kind: 'node', name: 'n1' });
    expect(
      await parsed('test', '-f', 'a', '--plan', '--witness', 'sources', '--retry-for', '30s'),
    ).toMatchObject({
      isPlan: true,
      witness: 'sources',
      retryForMs: 30_000,
    });
  });

  it.each<[string[], RegExp]>([
    [[], /test needs -f FILE/],
    [['shop.yaml'], /files are named with -f FILE/],
    [['-f', '-', '-f', '-'], /-f - is given twice/],
    [['-f', 'a', '--plan', '-o', 'junit'], /--plan prints a table, json or yaml, not junit/],
    [['-f', 'a', '-o', 'xml'], /must be one of table, json, yaml, junit, tap, markdown/],
    [['-f', 'a', '--shard', '1/2'], /no flag --shard/],
  ])('%j is refused', async (argv, message) => {
    await expect(parsed('test', ...argv)).rejects.toThrow(message);
  });
});

describe('test init', () => {
  it('takes a target or a file of netassert', async () => {
    expect(((await parsed('test', 'init', 'deploy/web')) as TestInitArgs).what).toEqual({
      kind: 'target',
      text: 'deploy/web',
      spec: { kind: 'name', name: 'deploy/web' },
    });
    expect(((await parsed('test', 'init', '--from-netassert', 'x.yaml')) as TestInitArgs).what).toEqual({
      kind: 'netassert',
      file: 'x.yaml',
    });
  });

  it.each<[string[], RegExp]>([
    [[], /needs a TARGET/],
    [['web', '--from-netassert', 'x'], /--from-netassert FILE/],
    [['a', 'b'], /takes one TARGET/],
  ])('%j is refused', async (argv, message) => {
    await expect(parsed('test', 'init', ...argv)).rejects.toThrow(message);
  });
});
