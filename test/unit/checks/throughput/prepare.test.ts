import { describe, expect, it } from 'vitest';
import type { ThroughputInput } from '../../../../src/checks/throughput/facts.ts';
import places from '../../../../src/checks/throughput/places.ts';
import prepare from '../../../../src/checks/throughput/prepare.ts';
import { contextOf, PATHS, pod, serving, subjectOf } from '../../cluster/objects.ts';

async function inputOf(...to: string[]): Promise<ThroughputInput> {
  const { cluster } = await serving({ [PATHS.pods]: [pod('db-1', ['10.0.0.1']), pod('db-2', ['10.0.0.2'])] });
  const options = { throughput: { durationMs: 5000, reverse: false } };
  const input = await prepare(await contextOf(subjectOf(cluster), to, options));
  if (input === undefined) throw new Error('no input');
  return input;
}

describe('destinations of a throughput test', () => {
  it.each([[['pod/db-1', 'pod/db-1']], [['pod/db-1', 'po/db-1', 'pods/db-1']]])(
    'that are one pod are loaded once, and get one server: %j',
    async (to) => {
      const input = await inputOf(...to);
      expect(input.destinations.map(({ label }) => label)).toEqual(['pod/db-1']);
      expect(places.plan(input).map(({ label }) => label)).toEqual(['pod/db-1']);
    },
  );

  it('that are two pods are loaded each', async () => {
    const input = await inputOf('pod/db-1', 'pod/db-2');
    expect(places.plan(input).map(({ where }) => where)).toEqual([
      { kind: 'pod', namespace: 'shop', name: 'db-1' },
      { kind: 'pod', namespace: 'shop', name: 'db-2' },
    ]);
  });

  it('whose port somebody named get no server', async () => {
    const input = await inputOf('pod/db-1:5201');
    expect(input.destinations.map(({ port }) => port)).toEqual(['5201']);
    expect(places.plan(input)).toEqual([]);
  });
});
