import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { KubeClient } from '../../../src/kube/client.ts';
import { Hold } from '../../../src/targets/hold.ts';
import { type FaultServer, startFaultServer } from '../../servers/fault-server.ts';

const { pauses } = vi.hoisted(() => ({ pauses: [] as (number | undefined)[] }));
vi.mock('node:timers/promises', () => ({
  setTimeout: async (ms: number | undefined) => {
    pauses.push(ms);
  },
}));

let folder: string;
let server: FaultServer;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hold-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await server.close();
  rmSync(folder, { recursive: true });
});

it('a hold that is lost is opened again at once, but not one that is lost again at once', async () => {
  const clock = performance.now.bind(performance);
  let passed = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => clock() + passed);
  server = await startFaultServer({
    accept: async (peer) => {
      const opened = server.peers.length;
      await peer.send(1, 'held\n');
      if (opened === 1) {
        // Longer than the pause, and shorter than a silence that would be suspected.
        passed = 5_000;
      }
      if (opened < 3) peer.destroy();
    },
  });
  writeFileSync(join(folder, 'config'), '{}');
  const client = await KubeClient.connect({
    kubeconfig: join(folder, 'config'),
    server: server.url.replace('ws:', 'http:').replace('/exec', ''),
  });
  const hold = await Hold.take(client, { namespace: 'n', pod: 'p', container: 'c' });
  await vi.waitUntil(() => server.peers.length === 3, { timeout: 15_000 });
  hold.release();
  client.close();
  expect(pauses).toHaveLength(2);
  expect(pauses[0]).toBe(0);
  expect(pauses[1]).toBeGreaterThan(0);
  const names = server.requests.map(
    ({ url = '' }) => new URL(url, 'http://server').searchParams.getAll('command')[3],
  );
  expect(new Set(names)).toEqual(new Set([`nettools-hold-${hold.id}`]));
});
