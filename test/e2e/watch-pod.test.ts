/** `watch` in a pod whose client loses its connection. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { nettools } from './support/cli.ts';
import { pod, testNamespace } from './support/cluster.ts';
import { Relay } from './support/relay.ts';

const ns = testNamespace('watch');
beforeAll(async () => {
  await ns.start(pod('web', { spec: { nodeName: 'node1' } }), pod('db', { spec: { nodeName: 'node2' } }));
});

it('takes up again where it was cut off: nothing is missing, nothing is told twice', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nettools-watch-'));
  const relay = await Relay.start();
  try {
    const file = join(folder, 'kubeconfig');
    relay.writeKubeconfig(file);
    const words = [
      'watch',
      'web',
      '-n',
      ns.name,
      '--kubeconfig',
      file,
      '--to',
      'pod/db:8080',
      '--for',
      '24s',
      '-o',
      'json',
    ];
    const watching = nettools(words);
    // Twice, wherever it is by then: the far side tells something every 5 s.
    await sleep(14_000);
    relay.cut();
    await sleep(6_000);
    relay.cut();
    const { code, stdout, stderr } = await watching;
    const document = JSON.parse(stdout);
    const told = document.events.map(({ type, text }: { type: string; text: string }) => `${type}: ${text}`);
    expect(told, stderr).toContainEqual(expect.stringMatching(/^connection: the connection is lost/));
    expect(told, stderr).toContainEqual('connection: the far side is back');
    expect(document, stderr).toMatchObject({ verdict: 'pass', ended: 'over', outages: [] });
    const [{ sent, missed }] = document.destinations;
    expect({ sent: sent >= 23 && sent <= 25, missed }, `${sent}`).toEqual({ sent: true, missed: 0 });
    expect(code).toBe(0);
    expect(await ns.ephemerals('web')).toHaveLength(1);
  } finally {
    relay.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
