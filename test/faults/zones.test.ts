/** A matrix of pods in two zones. Labels of nodes are everybody's: while it runs, others see them too. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kubectl, pod, testNamespace } from '../e2e/support/cluster.ts';
import { critical, matrixIn, named, silent, withRules } from './matrix-runs.ts';
import { nodeNetns } from './pod-netns.ts';

const ns = testNamespace('f-zones');
const NAMES = ['one-0', 'one-1', 'two-0', 'two-1'] as const;
const addresses = new Map<string, string>();

beforeAll(async () => {
  await ns.start(
    ...NAMES.map((name) => pod(name, { spec: { nodeName: name.startsWith('one') ? 'node1' : 'node2' } })),
  );
  for (const name of NAMES) addresses.set(name, (await ns.pod(name)).status.podIP ?? '');
});

/** An nft set of the addresses of the pods of one node. */
function setOf(node: 'one' | 'two'): string {
  const own = NAMES.filter((name) => name.startsWith(node));
  return `{ ${own.map((name) => addresses.get(name)).join(', ')} }`;
}

describe('between zones', () => {
  const ZONE = 'topology.kubernetes.io/zone';
  const label = (value: (node: string) => string) =>
    Promise.all(
      ['node1', 'node2'].map((node) => kubectl(['label', 'node', node, '--overwrite', value(node)])),
    );
  beforeAll(() => label((node) => `${ZONE}=${node === 'node1' ? 'a' : 'b'}`));
  afterAll(() => label(() => `${ZONE}-`));

  test('no fault: silent, and each place has its zone', async () => {
    const report = await matrixIn(ns.name, 'pods');
    silent(report);
    expect(report.sources.map(({ target, zone }) => [target, zone])).toEqual(
      NAMES.map((name) => [`pod/${name}`, name.startsWith('one') ? 'a' : 'b']),
    );
  });

  test('nothing passes from one zone to another', async () => {
    const rules = [`ip saddr ${setOf('one')} ip daddr ${setOf('two')} drop`];
    const report = await withRules([{ netns: nodeNetns('node2'), hook: 'forward', rules }], () =>
      matrixIn(ns.name, 'pods'),
    );
    named(report, critical('NT-MTX-006', /^Between nodes: nothing is answered \(\d+ of \d+ pairs\)/));
  });

  test('no new connections from one zone to another', async () => {
    const rules = [`ct state new ip saddr ${setOf('one')} ip daddr ${setOf('two')} drop`];
    const report = await withRules([{ netns: nodeNetns('node2'), hook: 'forward', rules }], () =>
      matrixIn(ns.name, 'pods'),
    );
    named(
      report,
      critical('NT-MTX-005', /^From the pods on node1 to the pods on node2, and not the other way/),
    );
  });
});
