import { describe, expect, it } from 'vitest';
import { parse } from '../../../src/cli/parse.ts';
import type { ManyTargets, TargetSpec } from '../../../src/model/args.ts';
import { UserError } from '../../../src/model/errors.ts';

const parsed = async (...argv: string[]) =>
  (await parse(argv)).args as { target?: TargetSpec; many?: ManyTargets; names: readonly string[] };
const many = async (...argv: string[]) => (await parsed(...argv)).many;

const usual = { every: false, allNamespaces: false, nodes: false, atOnce: 8, most: 100, isSure: false };
const pod = (name: string) => ({ kind: 'name', name });
const labelled = (selector: string) => ({ kind: 'selector', selector });

describe('many TARGETs', () => {
  it.each<[string[], object]>([
    [['diagnose', 'web-0', 'node/n1'], { named: [pod('web-0'), { kind: 'node', name: 'n1' }] }],
    [['routing', 'deploy/web', '--all'], { named: [pod('deploy/web')], every: true }],
    [['routing', '-l', 'app=web', '--all'], { named: [labelled('app=web')], every: true }],
    [['routing', '--all'], { named: [labelled('')], every: true }],
    [['routing', '-A', '-l', 'a=b'], { named: [labelled('a=b')], every: true, allNamespaces: true }],
    [['routing', '-A'], { named: [labelled('')], every: true, allNamespaces: true }],
    [['routing', '--all-nodes'], { named: [], nodes: true }],
    [
      ['routing', 'a', 'b', '--parallel', '3', '--max-targets', '1', '--yes'],
      {
        named: [pod('a'), pod('b')],
        atOnce: 3,
        most: 1,
        isSure: true,
      },
    ],
    // What loads the network would load it for the other too.
    [
      ['throughput', 'a', 'b', '--to', 'pod/c', '--parallel', '3'],
      { named: [pod('a'), pod('b')], atOnce: 1 },
    ],
  ])('%j', async (argv, expected) => {
    expect(await many(...argv)).toEqual({ ...usual, ...expected });
  });

  it('of run get no stdin', async () => {
    expect((await parse(['run', 'deploy/web', '--all', '--', 'id'])).args).toMatchObject({
      many: { named: [pod('deploy/web')], every: true },
      stdin: false,
      command: ['id'],
    });
    await expect(parse(['run', 'a', 'b', '-i', '--', 'id'])).rejects.toThrow('--stdin is for one TARGET.');
  });

  it('gives one report of one TARGET, and of one pod of a selector', async () => {
    expect(await parsed('routing', 'web-0')).toMatchObject({ target: pod('web-0') });
    expect(await parsed('routing', '-l', 'app=web')).toMatchObject({ target: labelled('app=web') });
    expect(await many('routing', 'web-0')).toBeUndefined();
  });

  it('takes names after one TARGET, and all words as names where a flag says what is meant', async () => {
    expect(await parsed('dns', 'deploy/web', 'a.example', '--all')).toMatchObject({
      many: { named: [pod('deploy/web')] },
      names: ['a.example'],
    });
    expect(await parsed('dns', '-l', 'app=web', '--all', 'a.example')).toMatchObject({
      names: ['a.example'],
    });
    expect(await parsed('dns', '--all-nodes', 'a.example', 'b.example')).toMatchObject({
      many: { nodes: true },
      names: ['a.example', 'b.example'],
    });
  });

  it.each<[string[], string]>([
    [['routing', '--all-nodes', '--all'], 'give either --all-nodes or --all, not both.'],
    [['routing', '--all-nodes', '-A'], 'give either --all-nodes or -A, not both.'],
    [['routing', '--all-nodes', '-l', 'a=b'], 'give either --all-nodes or -l SELECTOR, not both.'],
    [['routing', '--all-nodes', 'n1'], 'give either a TARGET or --all-nodes, not both.'],
    [['routing', '-A', 'web-0'], 'give either a TARGET or -A, not both.'],
    [['routing', '-l', 'a=b', 'web-0'], 'give either a TARGET or -l SELECTOR, not both.'],
    [['routing', 'a', ''], 'the TARGET is empty.'],
    [['routing', 'a', 'b', '--parallel', '0'], '--parallel must be a whole number from 1 to 1000, not "0".'],
    [
      ['routing', 'a', 'b', '--via', 'node', 'local'],
      '--via node is for pods: a target of the kind local is reached in only one way.',
    ],
  ])('%j is refused', async (argv, message) => {
    const error = await parse(argv).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toBe(message);
  });
});
