/** Made matrices: places on nodes in zones, a fault in some of the pairs, and the noise that real ones have. */
import type { Measured } from '../../../../src/checks/matrix/story.ts';
import type { MatrixCell, MatrixPlace, MatrixProbe, MatrixSource } from '../../../../src/model/matrix.ts';

/** Numbers from 0 to 1 that are the same in each run (mulberry32). */
export function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export type Random = () => number;
const upTo = (random: Random, n: number): number => Math.floor(random() * n);
const pick = <T>(random: Random, all: readonly T[]): T => all[upTo(random, all.length)] as T;

/** What a pair is to suffer from. */
export interface Harm {
  readonly dead?: boolean;
  readonly udp?: boolean;
  readonly tcp?: boolean;
  readonly full?: boolean;
  readonly family?: 4 | 6;
  /** The share of echo requests that are lost. */
  readonly loss?: number;
  /** Added to each answer. */
  readonly delayMs?: number;
}

export interface Fault {
  readonly name: string;
  /** What is to be found: the ID, and what it is about where that is one place. */
  /** It is in one pair alone: what chance does to that one is no matter of patterns. */
  readonly isSingle?: true;
  readonly expected: readonly { readonly id: string; readonly subject?: string }[];
  harm(source: MatrixPlace, destination: MatrixPlace): Harm | undefined;
  /** Sources whose name server, or Service, does not answer. */
  readonly noDns?: (source: MatrixPlace) => boolean;
  readonly noService?: (source: MatrixPlace) => boolean;
}

export interface World {
  readonly places: readonly MatrixPlace[];
  readonly families: readonly (4 | 6)[];
}

/** 3 to 6 nodes in 1 to 3 zones, with 2 to 4 pods each; sometimes the nodes too. */
export function worldOf(random: Random, withNodes = random() < 0.2): World {
  const nodes = 3 + upTo(random, 4);
  const zones = 1 + upTo(random, 3);
  const isDual = random() < 0.3;
  const places: MatrixPlace[] = [];
  for (let n = 0; n < nodes; n++) {
    const own = { node: `n${n}`, ...(zones > 1 ? { zone: `z${n % zones}` } : {}) };
    for (let p = 2 + upTo(random, 3); p > 0; p--)
      places.push({ kind: 'pod', target: `pod/p${n}-${p}`, namespace: 'shop', ...own });
    if (withNodes) places.push({ kind: 'node', target: `node/n${n}`, ...own });
  }
  return { places, families: isDual ? [4, 6] : [4] };
}

const same = (a: MatrixPlace, b: MatrixPlace): boolean => a.target === b.target;
const pods = ({ places }: World): MatrixPlace[] => places.filter(({ kind }) => kind === 'pod');

/** Each kind of fault, at a place of the world that chance chooses. */
export const FAULTS: readonly ((random: Random, world: World) => Fault | undefined)[] = [
  () => ({ name: 'healthy', expected: [], harm: () => undefined }),
  (random, world) => {
    const d = pick(random, pods(world));
    return {
      name: 'one pod’s receiving side',
      expected: [{ id: 'NT-MTX-001', subject: d.target }],
      harm: (_s, to) => (same(to, d) ? { dead: true } : undefined),
    };
  },
  (random, world) => {
    const s = pick(random, pods(world));
    return {
      name: 'one pod’s sending side',
      expected: [{ id: 'NT-MTX-002', subject: s.target }],
      harm: (from) => (same(from, s) ? { dead: true } : undefined),
    };
  },
  (random, world) => {
    if (world.places.some(({ kind }) => kind === 'node')) return undefined;
    const { node = '' } = pick(random, pods(world));
    return {
      name: 'one node’s receiving side',
      expected: [{ id: 'NT-MTX-001', subject: `node/${node}` }],
      harm: (from, to) => (to.node === node && from.node !== node ? { dead: true } : undefined),
    };
  },
  (random, world) => {
    if (world.places.some(({ kind }) => kind === 'node')) return undefined;
    const { node = '' } = pick(random, pods(world));
    return {
      name: 'one node’s sending side',
      expected: [{ id: 'NT-MTX-002', subject: `node/${node}` }],
      harm: (from, to) => (from.node === node && to.node !== node ? { dead: true } : undefined),
    };
  },
  (random, world) => {
    if (world.places.some(({ kind }) => kind === 'node')) return undefined;
    const { node = '' } = pick(random, pods(world));
    return {
      name: 'one node cut off',
      expected: [{ id: 'NT-MTX-003', subject: `node/${node}` }],
      harm: (from, to) => ((from.node === node) !== (to.node === node) ? { dead: true } : undefined),
    };
  },
  (random, world) => {
    const zones = [...new Set(world.places.flatMap(({ zone }) => zone ?? []))];
    const inZone = (zone: string) =>
      new Set(pods(world).flatMap((p) => (p.zone === zone ? p.node : []))).size;
    const [a = '', b = ''] = zones.sort(() => random() - 0.5);
    // A zone of one node is that node, and two zones are what is between them.
    if (zones.length < 3 || inZone(a) < 2 || inZone(b) < 2) return undefined;
    return {
      name: 'one zone to another',
      expected: [{ id: 'NT-MTX-005', subject: `zone ${a} → zone ${b}` }],
      harm: (from, to) => (from.zone === a && to.zone === b ? { dead: true } : undefined),
    };
  },
  (random, world) => {
    const a = pick(random, pods(world));
    const b = pick(
      random,
      pods(world).filter((one) => !same(one, a)),
    );
    return {
      name: 'one pair, both ways',
      isSingle: true,
      expected: [{ id: 'NT-MTX-004' }],
      harm: (from, to) =>
        (same(from, a) && same(to, b)) || (same(from, b) && same(to, a)) ? { dead: true } : undefined,
    };
  },
  (random, world) => {
    const a = pick(random, pods(world));
    const b = pick(
      random,
      pods(world).filter((one) => !same(one, a)),
    );
    return {
      name: 'one pair, one direction',
      isSingle: true,
      expected: [{ id: 'NT-MTX-005', subject: `${a.target} → ${b.target}` }],
      harm: (from, to) => (same(from, a) && same(to, b) ? { dead: true } : undefined),
    };
  },
  (random, world) => {
    const nodes = [...new Set(pods(world).flatMap(({ node }) => node ?? []))].sort(() => random() - 0.5);
    const [a = '', b = ''] = nodes;
    if (world.places.some(({ kind }) => kind === 'node')) return undefined;
    return {
      name: 'one node to another, one direction',
      expected: [{ id: 'NT-MTX-005', subject: `node/${a} → node/${b}` }],
      harm: (from, to) => (from.node === a && to.node === b ? { dead: true } : undefined),
    };
  },
  (_random, world) => {
    if (world.places.some(({ kind }) => kind === 'node')) return undefined;
    return {
      name: 'between nodes, not within them',
      expected: [{ id: 'NT-MTX-006' }],
      harm: (from, to) => (from.node !== to.node ? { dead: true } : undefined),
    };
  },
  (_random, world) => {
    if (!world.places.some(({ kind }) => kind === 'node')) return undefined;
    return {
      name: 'pods but not nodes (overlay)',
      expected: [{ id: 'NT-MTX-006' }],
      harm: (from, to) =>
        from.kind === 'pod' && to.kind === 'pod' && from.node !== to.node ? { dead: true } : undefined,
    };
  },
  () => ({
    name: 'UDP only, everywhere',
    expected: [{ id: 'NT-MTX-007' }],
    harm: () => ({ udp: true }),
  }),
  (random, world) => {
    const d = pick(random, pods(world));
    return {
      name: 'UDP only, to one pod',
      expected: [{ id: 'NT-MTX-007', subject: d.target }],
      harm: (_from, to) => (same(to, d) ? { udp: true } : undefined),
    };
  },
  (random, world) => {
    const s = pick(random, pods(world));
    return {
      name: 'TCP only, from one pod',
      expected: [{ id: 'NT-MTX-007', subject: s.target }],
      harm: (from) => (same(from, s) ? { tcp: true } : undefined),
    };
  },
  () => ({
    name: 'above a size, between nodes',
    expected: [{ id: 'NT-MTX-008' }],
    harm: (from, to) => (from.node !== to.node ? { full: true } : undefined),
  }),
  (random, world) => {
    const d = pick(random, pods(world));
    return {
      name: 'above a size, to one pod',
      expected: [{ id: 'NT-MTX-008', subject: d.target }],
      harm: (_from, to) => (same(to, d) ? { full: true } : undefined),
    };
  },
  (random, world) => {
    if (world.families.length < 2) return undefined;
    const d = pick(random, pods(world));
    return {
      name: 'one family, to one pod',
      expected: [{ id: 'NT-MTX-009', subject: d.target }],
      harm: (_from, to) => (same(to, d) ? { family: 6 } : undefined),
    };
  },
  (random, world) => {
    const { node } = pick(random, pods(world));
    return {
      name: 'the name server of one node',
      expected: [{ id: 'NT-MTX-010' }],
      harm: () => undefined,
      noDns: (source) => source.node === node,
    };
  },
  (random, world) => {
    const { node } = pick(random, pods(world));
    return {
      name: 'the Services of one node',
      expected: [{ id: 'NT-MTX-011' }],
      harm: () => undefined,
      noService: (source) => source.node === node,
    };
  },
  (random, world) => {
    const d = pick(random, pods(world));
    return {
      name: '20 % loss, to one pod',
      expected: [{ id: 'NT-MTX-012', subject: d.target }],
      harm: (_from, to) => (same(to, d) ? { loss: 0.2 } : undefined),
    };
  },
  (random, world) => {
    const d = pick(random, pods(world));
    return {
      name: '30 ms more, to one pod',
      expected: [{ id: 'NT-MTX-012', subject: d.target }],
      harm: (_from, to) => (same(to, d) ? { delayMs: 30 } : undefined),
    };
  },
  () => ({
    name: 'nothing at all passes',
    expected: [{ id: 'NT-MTX-013' }],
    harm: () => ({ dead: true }),
  }),
];

/** How real matrices are not whole. */
export interface Noise {
  /** The share of pairs that were not measured. */
  readonly unmeasured: number;
  /** The share of single echo requests that are lost by chance. */
  readonly loss: number;
  /** The share of bad pairs that got through all the same. */
  readonly through: number;
}

/** Everybody to everybody. */
export function matrixOf(random: Random, world: World, faults: readonly Fault[], noise: Noise): Measured {
  const { places, families } = world;
  const cells: MatrixCell[] = [];
  for (const [source, from] of places.entries())
    for (const [destination, to] of places.entries()) {
      const isSpared = faults.some(
        (fault) => fault.isSingle && (fault.harm(from, to) ?? fault.harm(to, from)) !== undefined,
      );
      if (source === destination || (random() < noise.unmeasured && !isSpared)) continue;
      const harms = faults.flatMap((fault) => fault.harm(from, to) ?? []);
      const harmed = random() < noise.through && !isSpared ? {} : Object.assign({}, ...harms);
      for (const family of families)
        cells.push({
          source,
          destination,
          family,
          address: to.target,
          ...probes(random, from, to, harmed, family, noise),
        });
    }
  const sources: MatrixSource[] = places.map((place) => ({
    ...place,
    dns: own(faults.some((fault) => fault.noDns?.(place) === true)),
    service: own(faults.some((fault) => fault.noService?.(place) === true)),
  }));
  return { sources, destinations: places, cells };
}

const own = (isBad: boolean): MatrixProbe => (isBad ? { outcome: 'lost' } : { outcome: 'reached', ms: 0.5 });
const ECHOES = 10;

function probes(
  random: Random,
  from: MatrixPlace,
  to: MatrixPlace,
  harm: Harm,
  family: 4 | 6,
  noise: Noise,
): Pick<MatrixCell, 'icmp' | 'tcp' | 'udp' | 'full'> {
  const near = from.node === to.node ? 0.05 : from.zone === to.zone ? 0.3 : 1;
  const ms = near * (1 + random()) + (random() < 0.05 ? 2 * random() : 0) + (harm.delayMs ?? 0);
  const isDead = harm.dead === true || harm.family === family;
  const share = harm.loss ?? noise.loss;
  let received = 0;
  for (let i = 0; i < ECHOES; i++) if (!isDead && random() >= share) received++;
  const probe = (isLost: boolean | undefined, found: MatrixProbe): MatrixProbe =>
    isDead || isLost === true ? { outcome: 'lost' } : found;
  return {
    icmp: {
      outcome: received === ECHOES ? 'reached' : received === 0 ? 'lost' : 'lossy',
      sent: ECHOES,
      received,
      ...(received === 0 ? {} : { ms }),
    },
    tcp: { ...probe(harm.tcp, { outcome: 'reached', ms }), port: '80' },
    udp: { ...probe(harm.udp, { outcome: 'refused', ms }), port: '9' },
    full: { ...probe(harm.full, { outcome: 'reached' }), bytes: 1500 },
  };
}
