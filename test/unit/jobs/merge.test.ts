import { describe, expect, it } from 'vitest';
import { byName, byTarget, mergedMatrix } from '../../../src/jobs/merge.ts';
import type { Bundle, BundleList } from '../../../src/model/bundle.ts';
import type { MatrixFrame, MatrixPlace } from '../../../src/model/matrix.ts';

const head = { tool: { version: '1.0.0' }, startedAt: '2026-01-01T00:00:00.000Z', durationMs: 1000 };
const nothing = { failed: [], sources: [] };

function bundle(name: string, checks: Bundle['checks'] = []): Bundle {
  const target = { kind: 'pod', name, namespace: 'shop', address: '192.0.2.1', node: 'n1' } as const;
  return { apiVersion: 'nettools/v1', kind: 'Bundle', format: 1, ...head, target, checks };
}

function list(
  bundles: readonly Bundle[],
  more: Partial<Pick<BundleList, 'failed' | 'matrix'>> = {},
): BundleList {
  const items = bundles.map((one, place) => ({ place, bundle: one }));
  return { apiVersion: 'nettools/v1', kind: 'BundleList', format: 1, ...head, items, failed: [], ...more };
}

function goalsIn([check]: Bundle['checks']): readonly { readonly destination: number }[] {
  const { goals } = (check?.input ?? { goals: [] }) as { goals: { destination: number }[] };
  return goals;
}

describe('orders', () => {
  it('are those of one run: by namespace and name', () => {
    const targets = ['e', 'b', 'a'].map((name) => bundle(name).target);
    const elsewhere = { ...bundle('z').target, namespace: 'data' };
    expect([...targets, elsewhere].sort(byTarget).map(({ name }) => name)).toEqual(['z', 'a', 'b', 'e']);
    const failed = ['pod/d', 'pod/c'].map((target) => ({ target, namespace: 'shop', reason: 'it failed' }));
    expect(failed.sort(byName).map(({ target }) => target)).toEqual(['pod/c', 'pod/d']);
  });
});

describe('matrices', () => {
  const place = (name: string, more: Partial<MatrixPlace> = {}): MatrixPlace => ({
    kind: 'pod',
    target: `pod/${name}`,
    namespace: 'shop',
    ...more,
  });
  const frame = (sources: MatrixPlace[], destinations: MatrixPlace[]): MatrixFrame => ({
    sources,
    destinations,
    pairs: { possible: 2, asked: 2 },
  });
  const row = (name: string, ...destinations: number[]): Bundle => {
    const goals = destinations.map((destination) => ({
      destination,
      addresses: [{ family: 4, host: `192.0.2.${destination}` }],
      tcpPort: '9',
      isVirtual: false,
    }));
    const result = (id: string) => ({
      id,
      command: [],
      status: 'done' as const,
      stdout: `answer of ${id}`,
      stderr: '',
      code: 0,
      durationMs: 1,
      truncated: false,
    });
    const ids = [...destinations.map((at) => `d${at}v4-icmp`), 'own-service'];
    const evidence = Object.fromEntries(
      ids.map((id) => [id, result(id)]),
    ) as unknown as Bundle['checks'][0]['evidence'];
    return bundle(name, [{ id: 'matrix', input: { goals, asksDns: true }, evidence, durationMs: 1 }]);
  };

  it('have all sources and destinations once, and each answer stays with its destination', () => {
    // The second shard saw a pod more, in front of the others, and no longer "c".
    const merged = mergedMatrix(
      [
        list([row('b', 0, 2)], { matrix: frame([place('b')], [place('a'), place('b'), place('c')]) }),
        list([row('a', 0, 2)], { matrix: frame([place('a')], [place('Z'), place('a'), place('b')]) }),
      ],
      nothing,
      head,
    );
    expect(merged.matrix?.sources.map(({ target }) => target)).toEqual(['pod/a', 'pod/b']);
    expect(merged.matrix?.destinations.map(({ target }) => target)).toEqual([
      'pod/Z',
      'pod/a',
      'pod/b',
      'pod/c',
    ]);
    expect(merged.matrix?.pairs).toEqual({ possible: 4, asked: 4 });
    const said = merged.items.map(({ place: at, bundle: { target, checks } }) => ({
      at,
      name: target.name,
      to: goalsIn(checks).map(({ destination }) => destination),
      ids: Object.entries(checks[0]?.evidence ?? {}).map(([id, { stdout }]) => `${id}: ${stdout}`),
    }));
    expect(said).toEqual([
      {
        at: 1,
        name: 'b',
        to: [1, 3],
        ids: [
          'd1v4-icmp: answer of d0v4-icmp',
          'd3v4-icmp: answer of d2v4-icmp',
          'own-service: answer of own-service',
        ],
      },
      {
        at: 0,
        name: 'a',
        to: [0, 2],
        ids: [
          'd0v4-icmp: answer of d0v4-icmp',
          'd2v4-icmp: answer of d2v4-icmp',
          'own-service: answer of own-service',
        ],
      },
    ]);
  });

  it('tell the sources of a shard that was lost, and a destination that any shard saw gone', () => {
    const gone = 'it went away';
    const reason = 'shard 2 of 2: its pod was lost';
    const merged = mergedMatrix(
      [
        list([row('a', 1)], { matrix: frame([place('a')], [place('a'), place('b')]) }),
        list([], { matrix: frame([], [place('a'), place('b', { gone })]) }),
      ],
      { failed: [{ target: 'pod/b', namespace: 'shop', reason }], sources: [place('b')] },
      head,
    );
    expect(merged.matrix?.sources.map(({ target }) => target)).toEqual(['pod/a', 'pod/b']);
    expect(merged.matrix?.destinations[1]).toEqual(place('b', { gone }));
    expect(merged.failed).toEqual([{ target: 'pod/b', namespace: 'shop', reason }]);
  });
});
