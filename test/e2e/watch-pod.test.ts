/** `watch` in a pod and on a node: of Services, and by a client that loses its connection. */
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
  const ports = [{ port: 80, targetPort: 8080 }];
  const service = (name: string, spec: object) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec,
  });
  await ns.apply(
    service('db', { selector: { app: 'db' }, ports }),
    service('silent', { ports }),
    // Documentation addresses (RFC 5737): nobody answers, and nobody refuses.
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'silent-1', labels: { 'kubernetes.io/service-name': 'silent' } },
      addressType: 'IPv4',
      ports: [{ port: 8080, protocol: 'TCP' }],
      endpoints: [{ addresses: ['203.0.113.77'], conditions: { ready: true } }],
    },
  );
});

/** A watch whose way to the API server is the relay. */
function wordsBy(relay: Relay, folder: string, length: string): string[] {
  const file = join(folder, 'kubeconfig');
  relay.writeKubeconfig(file);
  const connection = ['-n', ns.name, '--kubeconfig', file];
  return ['watch', 'web', ...connection, '--to', 'pod/db:8080', '--for', length, '-o', 'json'];
}

it('takes up again where it was cut off: nothing is missing, nothing is told twice', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nettools-watch-'));
  const relay = await Relay.start();
  try {
    const watching = nettools(wordsBy(relay, folder, '24s'));
    // Twice, wherever it is by then: the far side tells something every 5 s.
    await sleep(14_000);
    relay.cut();
    await sleep(6_000);
    relay.cut();
    const { code, stdout, stderr } = await watching;
    expect(stdout, stderr).not.toBe('');
    const document = JSON.parse(stdout);
    const told = document.events.map(({ type, text }: { type: string; text: string }) => `${type}: ${text}`);
    expect(told, stderr).toContainEqual(expect.stringMatching(/^connection: the connection is lost/));
    expect(told, stderr).toContainEqual('connection: the far side is back');
    expect(document, stderr).toMatchObject({ verdict: 'pass', ended: 'over', outages: [] });
    const [{ sent, missed }] = document.destinations;
    expect({ sent: sent >= 22 && sent <= 25, missed }, `${sent}`).toEqual({ sent: true, missed: 0 });
    expect(code).toBe(0);
    expect(await ns.ephemerals('web')).toHaveLength(1);
  } finally {
    relay.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

it('is lost, and no pass, where its client is cut off until the end', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nettools-watch-'));
  const relay = await Relay.start();
  try {
    const watching = nettools(wordsBy(relay, folder, '15s'), { limit: 240 });
    await sleep(12_000);
    relay.stop();
    const { code, stdout, stderr } = await watching;
    const document = JSON.parse(stdout || '{}');
    expect(document, stderr).toMatchObject({ verdict: 'unknown', ended: 'lost', outages: [] });
    expect(document.gaps.at(-1)).toMatchObject({ reason: 'lost' });
    expect(code).toBe(3);
  } finally {
    relay.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

it('names a Service without an endpoint, and not only the refusal', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nettools-watch-'));
  const words = ['web', '-n', ns.name, '--to', 'svc/db:80', '-o', 'json'];
  try {
    const watching = nettools(['watch', ...words, '--for', '25s', '--save', join(folder, 'w')]);
    await sleep(10_000);
    await ns.kubectl(['label', 'pod', 'db', 'app-']);
    await sleep(4000);
    await ns.kubectl(['label', 'pod', 'db', 'app=db']);
    const { stdout, stderr, code } = await watching;
    const { outages } = JSON.parse(stdout || '{}');
    const [outage] = outages.filter(
      ({ destination }: { destination: string }) => destination === 'svc/db:80',
    );
    expect(outage?.findings, stderr).toMatchObject([
      { id: 'NT-SVC-001', severity: 'critical', subject: 'svc/db:80' },
      { id: 'NT-FW-004', causedBy: 'NT-SVC-001' },
    ]);
    expect(outage.to).toBeDefined();
    expect(code).toBe(1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

it('on a node does not take what the node translates for what its filter took', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nettools-watch-'));
  try {
    const { stdout, stderr } = await nettools(
      [
        ...[
          'watch',
          'node/node1',
          '-n',
          ns.name,
          '--to',
          'svc/silent:80,svc/db:80',
          '--for',
          '12s',
          '-o',
          'json',
        ],
        ...['--save', join(folder, 'w')],
      ],
      { limit: 240 },
    );
    const { outages, destinations } = JSON.parse(stdout || '{}');
    const ids = outages.flatMap(({ findings }: { findings: { id: string }[] }) =>
      findings.map(({ id }) => id),
    );
    expect(outages.length, stderr).toBeGreaterThan(0);
    expect(ids).not.toContain('NT-FW-002');
    const db = destinations.find(({ destination }: { destination: string }) => destination === 'svc/db:80');
    expect(db).toMatchObject({ missed: 0 });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
