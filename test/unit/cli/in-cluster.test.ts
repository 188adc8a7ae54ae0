import { describe, expect, it } from 'vitest';
import { parseTarget } from '../../../src/cli/flags/target.ts';
import { parse } from '../../../src/cli/parse.ts';
import type { InClusterArgs } from '../../../src/model/job-args.ts';

const parsed = async (...argv: string[]) => (await parse(['in-cluster', ...argv])).args as InClusterArgs;

describe('in-cluster', () => {
  it('keeps what the command is to do, and not what is done with its report', async () => {
    const words = ['-l', 'app=web', '--all', '--to', 'svc/db:80,https://h/x?a=1,2', '--fail-on', 'warning'];
    const { line, report } = await parsed(
      'diagnose',
      ...words,
      '-o',
      'json',
      '--save',
      'f.json',
      '-n',
      'shop',
    );
    expect(line).toEqual([
      'diagnose',
      '--to=svc/db:80',
      '--to=https://h/x?a=1,2',
      '--selector=app=web',
      '--all',
      '--fail-on=warning',
    ]);
    expect(report).toEqual({ output: 'json', failOn: 'warning', save: 'f.json' });
  });

  it('gives the shard a line that means the same', async () => {
    const words = [
      'latency',
      'web-0',
      'web-1',
      '--count',
      '50',
      '--to',
      'db:80',
      '--via',
      'pod',
      '--parallel',
      '2',
    ];
    const { line, session } = await parsed(...words);
    const [direct, again] = [await parse(words), await parse(line)];
    expect(again.args).toEqual(direct.args);
    expect(session).toEqual((direct.args as InClusterArgs).session);
  });

  it('says what the Job is like', async () => {
    const { job, work } = await parsed(
      ...['matrix', 'pods', '--shards', '8', '--parallelism', '3', '--deadline', '2h', '--ttl', '1m'],
      ...['--node-selector', 'a=b,c=', '--toleration', 'x', '--toleration', 'y=z:NoExecute'],
      ...['--limits', 'memory=2Gi', '--job-image', 'r.example/cli:1', '--service-account', 'ops'],
    );
    expect(work).toMatchObject({ kind: 'matrix', usesNodes: false });
    expect(job).toEqual({
      shards: 8,
      parallelism: 3,
      deadlineMs: 7_200_000,
      ttlMs: 60_000,
      serviceAccount: 'ops',
      image: 'r.example/cli:1',
      nodeSelector: { a: 'b', c: '' },
      tolerations: [
        { key: 'x', operator: 'Exists' },
        { key: 'y', operator: 'Equal', value: 'z', effect: 'NoExecute' },
      ],
      requests: { cpu: '100m', memory: '256Mi' },
      limits: { memory: '2Gi' },
      manifest: false,
    });
  });

  it('does not divide one target', async () => {
    const { job, work } = await parsed('dns', 'web-0', '--shards', '5');
    expect({ shards: job.shards, kind: work.kind }).toEqual({ shards: 1, kind: 'one' });
  });

  it.each<[string[], RegExp]>([
    [['shell', 'web-0'], /unknown command "in-cluster shell": in-cluster takes diagnose, matrix,/],
    [['dns'], /dns needs a TARGET/],
    [['dns', 'docker://web'], /a target of the kind docker is on this machine/],
    [['routing', 'web-0', 'local'], /a target of the kind local is on this machine/],
    [['dns', 'web-0', '--shard', '1/2'], /in-cluster dns has no flag --shard/],
    [['routing', 'a', 'b', '--shards', '0'], /--shards must be a whole number from 1 to 1000/],
    [['dns', 'a', '--limits', 'memory'], /--limits must be KEY=VALUE/],
    [['dns', 'a', '--requests', 'cpu=many'], /--requests must be amounts such as/],
    [['dns', 'a', '--shards', '0'], /--shards must be a whole number from 1 to 1000/],
    [['dns', 'a', '--shards=-1'], /--shards must be a whole number from 1 to 1000, not "-1"/],
    [['dns', 'a', '--toleration', '!!'], /--toleration must be KEY\[=VALUE\]\[:EFFECT\], .*not "!!"/],
    [['dns', 'a', '--toleration', 'a/b/c'], /--toleration must be KEY\[=VALUE\]\[:EFFECT\]/],
    [['dns', 'a', '--toleration', 'a=b c'], /--toleration must be KEY\[=VALUE\]\[:EFFECT\]/],
    [['dns', 'a', '--node-selector', '-=b'], /--node-selector must be a label such as/],
    [['dns', 'a', '--node-selector', 'a=-'], /--node-selector must be a label such as/],
    [['dns', 'a', '--limits', '-=1'], /--limits must be amounts such as/],
    [['dns', 'a', '--pull-secret', '!!'], /--pull-secret must be the name of a Secret, not "!!"/],
    [['dns', 'a', '--service-account', 'No Name'], /--service-account must be the name of a ServiceAccount/],
    [
      ['dns', 'a', '--manifest', '--schedule', 'daily'],
      /--schedule must be five fields of a cron table, .* not "daily"/,
    ],
    [['dns', 'a', '--toleration', 'x:Never'], /--toleration must be KEY\[=VALUE\]\[:EFFECT\]/],
    [['dns', 'a', '--node-selector', 'x'], /--node-selector must be KEY=VALUE/],
    [['dns', 'a', '--schedule', '@daily'], /--schedule is for --manifest/],
    [['dns', 'a', '--manifest', '--save', 'f'], /give either --manifest or --save/],
  ])('refuses %j', async (argv, says) => {
    await expect(parsed(...argv)).rejects.toThrow(says);
    await expect(parsed(...argv)).rejects.toMatchObject({ exitCode: 2 });
  });
});

describe('--shard', () => {
  const of = async (...argv: string[]) => (await parse(argv)).args;

  it('is a part of several targets', async () => {
    expect(await of('routing', 'a', 'b', '--shard', '2/3')).toMatchObject({
      many: { named: [parseTarget('a'), parseTarget('b')], shard: { index: 1, count: 3 } },
    });
    expect(await of('matrix', 'pods', '--shard', '1/1')).toMatchObject({
      limits: { shard: { index: 0, count: 1 } },
    });
  });

  it.each(['0/3', '4/3', '1', 'a/b', '1/2/3', '-1/3'])('is not %j', async (text) => {
    await expect(of('routing', 'a', 'b', `--shard=${text}`)).rejects.toThrow(
      /--shard must be I\/N, such as 1\/3/,
    );
  });

  it('is not of one target', async () => {
    await expect(of('dns', 'a', '--shard', '1/2')).rejects.toThrow(/--shard is for several TARGETs/);
  });
});
