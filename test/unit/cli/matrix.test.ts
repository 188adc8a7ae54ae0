import { describe, expect, it } from 'vitest';
import { parse } from '../../../src/cli/parse.ts';
import type { MatrixArgs } from '../../../src/model/args.ts';

const parsed = async (...argv: string[]) => (await parse(['matrix', ...argv])).args as MatrixArgs;

describe('matrix', () => {
  it.each<[string[], object]>([
    [['nodes'], { from: [{ kind: 'nodes' }], allNamespaces: false, mostPairs: 2500 }],
    [['pods', '--per-node', '1', '-A'], { from: [{ kind: 'pods' }], perNode: 1, allNamespaces: true }],
    [
      ['-l', 'app=web', '--to-selector', 'app=db'],
      { from: [{ kind: 'selector', selector: 'app=web' }], to: [{ kind: 'selector', selector: 'app=db' }] },
    ],
    [
      ['deploy/web', 'svc/cache', 'node/n1', '--to', 'svc/db.data,pods'],
      {
        from: [
          { kind: 'name', name: 'deploy/web' },
          { kind: 'service', name: 'cache' },
          { kind: 'node', name: 'n1' },
        ],
        to: [{ kind: 'service', name: 'db', namespace: 'data' }, { kind: 'pods' }],
      },
    ],
    [
      ['pods', '--max-pairs', '9', '--parallel', '3', '--max-targets', '5', '--yes'],
      { mostPairs: 9, limits: { atOnce: 3, most: 5, isSure: true } },
    ],
  ])('%j', async (argv, expected) => {
    expect(await parsed(...argv)).toMatchObject(expected);
  });

  it.each<[string[], RegExp]>([
    [[], /needs sources/],
    [['svc/a'], /a Service can only be a destination/],
    [
      ['-l', 'a=b', '--to', '-l', 'c=d'],
      /"-l" is not a place: labels are chosen with --to-selector SELECTOR/,
    ],
    [['app=web'], /labels are chosen with -l SELECTOR/],
    [['local'], /what is in a cluster/],
    [['docker://x'], /what is in a cluster/],
    [['deploy', 'web'], /is a kind and no TARGET/],
    [['pods', '--max-pairs', '0'], /max-pairs/],
    [['pods', '--per-node', 'x'], /per-node/],
  ])('%j is refused', async (argv, message) => {
    await expect(parsed(...argv)).rejects.toThrow(message);
  });
});
