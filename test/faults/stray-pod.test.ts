/** A pod that got its address from another network configuration than the cluster's, which came first by its name. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, test } from 'vitest';
import { nodes } from '../cluster/paths.ts';
import { attempt } from '../cluster/proc.ts';
import { pod, testNamespace } from '../e2e/support/cluster.ts';
import { checkReport, expectFirst, expectSilence } from './named.ts';

const ns = testNamespace('f-stray-pod');
const BRIDGE = 'ntstray0';

const node2 = nodes.find(({ name }) => name === 'node2');
const dataDir = node2?.dataDir ?? '/nonexistent';
const FIRST = join(dataDir, 'cni', '05-stray.conflist');
/** The plugin's notes, which it is not asked to delete: the configuration is gone by then. */
const LEASES = join(dataDir, 'stray-leases');

/** As CRI-O and podman bring one. */
const OTHER = {
  cniVersion: '0.4.0',
  name: 'stray',
  plugins: [
    {
      type: 'bridge',
      bridge: BRIDGE,
      isGateway: true,
      ipMasq: false,
      ipam: {
        type: 'host-local',
        dataDir: LEASES,
        ranges: [[{ subnet: '198.18.66.0/24' }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    },
  ],
};

beforeAll(async () => {
  const onNode2 = { spec: { nodeName: 'node2' } };
  await ns.start(pod('client', { spec: { nodeName: 'node1' } }), pod('near', onNode2), pod('shop', onNode2));
  await ns.kubectl(['delete', 'pod', 'lost', '--ignore-not-found', '--now']);
  // Any pod that starts on the node meanwhile gets such an address, so it is there for this one's start alone.
  for (let tries = 0; tries < 5; tries++) {
    writeFileSync(FIRST, JSON.stringify(OTHER));
    try {
      await ns.start(pod('lost', onNode2));
    } finally {
      rmSync(FIRST, { force: true });
    }
    const address = await ns.kubectl(['get', 'pod', 'lost', '-o', 'jsonpath={.status.podIP}']);
    if (address.startsWith('198.18.66.')) return;
    // The runtime had not yet seen the file.
    await ns.kubectl(['delete', 'pod', 'lost', '--now']);
  }
  throw new Error('the network configuration was not taken');
});
afterAll(async () => {
  rmSync(FIRST, { force: true });
  await ns.kubectl(['delete', 'pod', 'lost', '--ignore-not-found', '--now']);
  rmSync(LEASES, { recursive: true, force: true });
  await attempt(['ip', '-n', node2?.netns ?? '', 'link', 'delete', BRIDGE]);
});

const diagnose = (from: string, to: string) => checkReport('diagnose', [from, '-n', ns.name, '--to', to]);

test("NT-RT-025: a pod's address is in none of its node's ranges", async () => {
  expectFirst(await diagnose('client', 'pod/lost:8080'), {
    id: 'NT-RT-025',
    severity: 'critical',
    says: /^pod\/lost:8080 \(TCP 198\.18\.66\.\d+:8080\) has an address outside of its node's pod range: node2 has 198\.18\.2\.0\/24, and the address is in no node's, so no other node has a route to it: no answer/,
  });
  expectSilence(await diagnose('client', 'pod/shop:8080'));
});

test('a pod of the same node gets to it', async () => {
  expectSilence(await diagnose('near', 'pod/lost:8080'));
});
