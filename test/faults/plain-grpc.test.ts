/** Servers of HTTP/1 behind a port for gRPC, each made for real and named by the built binary. */
import { beforeAll, describe, expect, test } from 'vitest';
import { app, pod, testNamespace } from '../e2e/support/cluster.ts';
import { proxied } from '../e2e/support/services.ts';
import { checkReport, expectFirst, expectSilence } from './named.ts';

const ns = testNamespace('f-plain-grpc');

/** Both lead to a server of HTTP/1; the port of the first one says that it is of gRPC. */
const PORTS = { calls: { name: 'grpc' }, web: { name: 'http' } };

beforeAll(async () => {
  await ns.start(pod('client'), pod('server', { containers: [app], labels: { part: 'server' } }));
  await ns.apply(
    ...Object.entries(PORTS).map(([name, port]) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { selector: { part: 'server' }, ports: [{ port: 80, targetPort: 8080, ...port }] },
    })),
  );
  for (const name of Object.keys(PORTS)) await proxied(ns, name, 1);
});

const asked = (to: string) => checkReport('latency', ['client', '-n', ns.name, '--to', to]);

describe('NT-HTTP-013: a server of HTTP/1', () => {
  test('is behind a port that is called grpc', async () => {
    expectFirst(await asked('svc/calls'), {
      id: 'NT-HTTP-013',
      severity: 'warning',
      says: /answers HTTP\/2 with "HTTP\/1\.\d .*": it speaks HTTP\/1 alone, .* since port 80 of Service \S+\/calls is called grpc/,
    });
  });

  test('is asked for by grpc://', async () => {
    expectFirst(await asked(`grpc://web.${ns.name}.svc`), {
      id: 'NT-HTTP-013',
      severity: 'critical',
      says: /it speaks HTTP\/1 alone, .* since DEST begins with grpc:\/\//,
    });
  });

  test('is fine behind a port that is called http', async () => {
    const report = await asked('svc/web');
    expectSilence(report);
    expect(JSON.stringify(report)).not.toContain('NT-HTTP-013');
  });
});
