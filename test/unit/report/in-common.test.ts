import { describe, expect, it } from 'vitest';
import { inCommon, type Traits } from '../../../src/report/in-common.ts';

/** Pods one after the other: `n1 n1 n2`. */
const onNodes = (nodes: string, rest: (place: number) => Traits = () => ({})): Traits[] =>
  nodes.split(' ').map((node, place) => ({ node, ...rest(place) }));
const places = (...all: number[]): ReadonlySet<number> => new Set(all);

describe('what the affected have in common', () => {
  it('is the node that all are on, and no other', () => {
    expect(inCommon(onNodes('n1 n1 n1 n2 n2 n2'), places(0, 1, 2))).toEqual({
      trait: 'node',
      values: ['n1'],
      others: 0,
    });
  });

  it('counts those there that are well', () => {
    expect(inCommon(onNodes('n1 n1 n1 n1 n2 n2 n2 n2 n3 n3 n3 n3'), places(0, 1, 2))).toEqual({
      trait: 'node',
      values: ['n1'],
      others: 1,
    });
  });

  it('is a few nodes where every pod of theirs is affected', () => {
    const found = inCommon(onNodes('n1 n1 n2 n2 n3 n3 n4 n4 n5 n5'), places(0, 1, 2, 3));
    expect(found).toEqual({ trait: 'node', values: ['n1', 'n2'], others: 0 });
  });

  it('is the zone rather than the nodes in it', () => {
    const zones = onNodes('n1 n1 n2 n2 n3 n3 n4 n4', (i) => ({ zone: i < 4 ? 'a' : 'b' }));
    expect(inCommon(zones, places(0, 1, 2, 3))).toMatchObject({ trait: 'zone', values: ['a'] });
  });

  it('is the node where its zone says as much', () => {
    const zones = onNodes('n1 n1 n1 n2 n2 n2', (i) => ({ zone: i < 3 ? 'a' : 'b' }));
    expect(inCommon(zones, places(0, 1, 2))?.trait).toBe('node');
  });

  it('is the owner where the pods are spread over the nodes', () => {
    const owners = onNodes('n1 n2 n1 n2 n1 n2', (i) => ({ owner: i < 3 ? 'deployment/a' : 'deployment/b' }));
    expect(inCommon(owners, places(0, 1, 2))).toEqual({
      trait: 'owner',
      values: ['deployment/a'],
      others: 0,
    });
  });

  it.each<[string, string, ReadonlySet<number>]>([
    ['none is affected', 'n1 n2 n3', places()],
    ['all are affected', 'n1 n1 n1', places(0, 1, 2)],
    ['all others share it too', 'n1 n1 n1 n1', places(0, 1)],
    ['it is one pod, which is always on some node', 'n1 n2 n3 n4', places(0)],
    ['chance would do the same', 'n1 n1 n2 n2', places(0, 1)],
    ['each pod is on a node of its own', 'n1 n2 n3 n4 n5 n6', places(0, 1, 2)],
    ['they are spread', 'n1 n1 n2 n2 n3 n3', places(0, 2, 4)],
  ])('is nothing where %s', (_why, nodes, affected) => {
    expect(inCommon(onNodes(nodes), affected)).toBeUndefined();
  });

  it('is nothing where the trait of one is not known', () => {
    const all: Traits[] = [...onNodes('n1 n1'), {}, ...onNodes('n2 n2 n2')];
    expect(inCommon(all, places(0, 1, 2))).toBeUndefined();
  });

  it('holds for thousands of targets', () => {
    const all = Array.from({ length: 5000 }, (_, i): Traits => ({ node: `n${i % 50}` }));
    const affected = new Set(all.flatMap(({ node }, i) => (node === 'n7' ? [i] : [])));
    expect(inCommon(all, affected)).toEqual({ trait: 'node', values: ['n7'], others: 0 });
  });

  it('names the node of a fault in nearly all of 2,000 clusters, and hardly one where the fault is spread', () => {
    let seed = 1;
    const random = (below: number): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    let [found, wrong, invented] = [0, 0, 0];
    for (let run = 0; run < 2000; run++) {
      const nodes = 3 + random(8);
      const all = Array.from({ length: 30 + random(30) }, (): Traits => ({ node: `n${random(nodes)}` }));
      const guilty = `n${random(nodes)}`;
      const there = all.flatMap(({ node }, i) => (node === guilty ? [i] : []));
      // A pod or two of the node were not hit.
      const hit = new Set(there.slice(random(2)));
      if (hit.size >= 2) {
        const answer = inCommon(all, hit);
        if (answer === undefined) wrong++;
        else if (answer.values.join() === guilty) found++;
        else wrong++;
      }
      const spread = new Set(Array.from({ length: 4 }, () => random(all.length)));
      if (spread.size === 4 && inCommon(all, spread) !== undefined) invented++;
    }
    expect(found / (found + wrong)).toBeGreaterThan(0.98);
    expect(invented / 2000).toBeLessThan(0.12);
  });
});
