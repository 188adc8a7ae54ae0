/** Servers that end connections at rest, each made for real and named by the built binary. */
import { beforeAll, describe, expect, test } from 'vitest';
import { until } from '../cluster/proc.ts';
import { app, helper, pod, testNamespace } from '../e2e/support/cluster.ts';
import { proxied } from '../e2e/support/services.ts';
import { checkReport, expectFirst, expectInfo, expectSilence } from './named.ts';

const ns = testNamespace('f-resting');

/** By how long they keep a connection after an answer, in seconds; the last one ends it with the answer, and says so. */
const SERVERS = { hasty: 8091, patient: 8092, closing: 8093 };

/** One answer, and the end of the connection after so long. */
const START = `
cat >/tmp/answer <<'END'
while IFS= read -r line && [ "\${line%?}" != "" ]; do :; done
printf 'HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n%s\\r\\n' "$EXTRA"
sleep "$REST"
END
serve() { nohup socat "TCP-LISTEN:$1,fork,reuseaddr" EXEC:'sh /tmp/answer' </dev/null >/dev/null 2>&1 & }
export REST EXTRA
REST=2 EXTRA=; serve "$1"
REST=120; serve "$2"
REST=0 EXTRA="$(printf 'Connection: close\\r\\n.')"; EXTRA=\${EXTRA%.}; serve "$3"
`;

const CLASS = 'resting';

beforeAll(async () => {
  await ns.start(pod('client'), pod('server', { containers: [app, helper], labels: { part: 'server' } }));
  await ns.help('server', 'bash', '-c', START, 'start', ...Object.values(SERVERS).map(String));
  await until('the servers listen', 60, async () => {
    const listening = await ns.help('server', 'ss', '-tlnH');
    return Object.values(SERVERS).every((port) => listening.includes(`:${port} `)) || listening;
  });
  const service = (name: string, port: number) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: { part: 'server' }, ports: [{ port: 80, targetPort: port }] },
  });
  // Nobody serves the class: the objects alone say who is before the Services.
  const path = (name: string) => ({
    path: `/${name}`,
    pathType: 'Prefix',
    backend: { service: { name, port: { number: 80 } } },
  });
  const paths = ['fronted', 'patient'].map(path);
  await ns.apply(
    service('alone', SERVERS.hasty),
    service('fronted', SERVERS.hasty),
    service('patient', SERVERS.patient),
    service('closing', SERVERS.closing),
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'front' },
      spec: { ingressClassName: CLASS, rules: [{ host: 'resting.example', http: { paths } }] },
    },
  );
  for (const name of ['alone', 'fronted', 'patient', 'closing']) await proxied(ns, name, 1);
});

const rested = (name: string, ...args: string[]) =>
  checkReport('latency', ['client', '-n', ns.name, '--to', `http://${name}.${ns.name}.svc/`, ...args]);
const REST = ['--rest', '4s'];

describe('NT-HTTP-012: a connection at rest', () => {
  test('is ended by a server that is behind an Ingress', async () => {
    expectFirst(await rested('fronted', ...REST), {
      id: 'NT-HTTP-012',
      severity: 'warning',
      says: /the server ends a connection that rests after 2\.\d+ s, and Ingress \S+\/front leads requests on to it/,
    });
  });

  test('is ended by a server that nobody is known to be before', async () => {
    const report = await rested('alone', ...REST);
    expectSilence(report);
    expectInfo(
      report,
      'NT-HTTP-012',
      /the server ends a connection that rests after 2\.\d+ s: a proxy or a client/,
    );
  });

  test.each([
    ['patient', /keeps a connection that rests for 4\.\d+ s and longer/],
    ['closing', /ends a connection with its answer, as it says/],
  ])("is in nobody's way: %s", async (name, says) => {
    const report = await rested(name, ...REST);
    expectSilence(report);
    expect(JSON.stringify(report)).not.toContain('NT-HTTP-012');
    expect(report.checks[0]?.summary).toMatch(says);
  });

  test('is not waited for where nobody asks', async () => {
    const report = await rested('fronted');
    expectSilence(report);
    expect(JSON.stringify(report)).not.toContain('NT-HTTP-012');
  });
});
