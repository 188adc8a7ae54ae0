/** Programs that take a variable of the service links for a setting of their own: made for real, with healthy twins. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { until } from '../cluster/proc.ts';
import { nettools } from '../e2e/support/cli.ts';
import { app, type Manifest, pod, testNamespace } from '../e2e/support/cluster.ts';
import { problems } from '../e2e/support/report.ts';
import { accountWith, documentedRights } from '../e2e/support/rights.ts';
import { proxied } from '../e2e/support/services.ts';
import { checkReport, expectFirst, expectSilence } from './named.ts';

const ns = testNamespace('f-links');
const diagnose = (to: string, ...more: string[]): Promise<Report> =>
  checkReport('diagnose', ['client', '-n', ns.name, '--to', to, ...more]);

/** What nobody may see in a report. */
const SECRET = 'open-sesame-4711';
/** As many programs do: the port is a variable, and what is no number ends it. */
const SERVE =
  'port=$WEB_PORT; [ -n "$port" ] || port=8080; case "$port" in *[!0-9]*) echo "error: invalid port $port" >&2; exit 1;; esac; exec httpd -f -p "$port"';
const program = (script: string, more: object = {}): Manifest => ({
  ...app,
  command: ['sh', '-c', `echo "token ${SECRET}"; ${script}`],
  // One that ends at once is called ready for a moment otherwise.
  readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
  ...more,
});

const svc = (name: string): Manifest => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { selector: { app: name }, ports: [{ name: 'http', port: 8080 }] },
});

async function crashes(name: string): Promise<void> {
  await until(`${name} waits to be started again`, 120, async () => {
    const state = await ns.stateOf(name, 'app');
    return state?.waiting?.reason === 'CrashLoopBackOff' || JSON.stringify(state);
  });
}

beforeAll(async () => {
  // A container is told of Services that are there before it starts.
  await ns.apply(svc('web'), svc('off'), svc('own'), svc('other'));
  await ns.apply(
    pod('web', { containers: [program(SERVE)] }),
    // Whom its database ends, and not what Kubernetes tells it.
    pod('other', {
      containers: [
        program('echo "using $OTHER_PORT"; echo "error: connect: connection refused" >&2; exit 1'),
      ],
    }),
  );
  await ns.start(
    pod('client', { spec: { nodeName: 'node1' } }),
    pod('off', { containers: [program(SERVE)], spec: { enableServiceLinks: false } }),
    pod('own', { containers: [program(SERVE, { env: [{ name: 'WEB_PORT', value: '8080' }] })] }),
  );
  for (const name of ['off', 'own']) await proxied(ns, name, 1);
  for (const name of ['web', 'other']) await crashes(name);
});

const ENDS =
  /^Container app of pod web ends \(Error, exit code 1\) since Kubernetes sets WEB_PORT=tcp:\/\/\S+:8080 in it for Service web, which its program reads as a setting of its own and complains of: /;

describe('NT-SVC-028', () => {
  test('a container reads the port of the Service of its own name, and ends', async () => {
    const report = await diagnose('svc/web:8080');
    const { remediation } = expectFirst(report, { id: 'NT-SVC-028', severity: 'critical', says: ENDS });
    expect(remediation).toContain('enableServiceLinks: false');
    expect(problems(report).find(({ id }) => id === 'NT-SVC-001')?.causedBy).toBe('NT-SVC-028');
  });

  test('the pod is DEST, or the target', async () => {
    expectFirst(await diagnose('pod/web'), { id: 'NT-SVC-028', severity: 'critical', says: ENDS });
    expectFirst(await checkReport('diagnose', ['web', '-n', ns.name]), {
      id: 'NT-SVC-028',
      severity: 'critical',
      says: ENDS,
    });
  });

  test('healthy: told nothing, or told otherwise by its own env', async () => {
    expectSilence(await diagnose('svc/off:8080'));
    expectSilence(await diagnose('svc/own:8080'));
  });

  test('ends by something else', async () => {
    const { remediation } = expectFirst(await diagnose('svc/other:8080'), {
      id: 'NT-SVC-001',
      severity: 'critical',
      says: /none is ready \(other: /,
    });
    expect(remediation).not.toContain('enableServiceLinks');
  });

  test('without the right to read logs it is possible, and no more', async () => {
    const { roles } = documentedRights('pod-user.yaml');
    const account = await accountWith(ns, 'no-logs', Object.values(roles).flat());
    const { remediation } = expectFirst(await diagnose('svc/web:8080', ...account), {
      id: 'NT-SVC-001',
      severity: 'critical',
      says: /none is ready \(web: /,
    });
    expect(remediation).toMatch(
      /Possible: Kubernetes sets WEB_PORT=tcp:\S+:8080 in container app for Service web/,
    );
  });

  test('nothing of the log is kept', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nettools-links-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'run.json');
    const words = ['diagnose', 'client', '-n', ns.name, '--to', 'svc/web:8080', '--save', file, '-v'];
    const { stdout, stderr } = await nettools(words);
    expect(stdout).toContain('WEB_PORT=tcp://');
    for (const text of [stdout, stderr, readFileSync(file, 'utf8')]) {
      expect(text).not.toContain(SECRET);
      expect(text).not.toContain('invalid port');
    }
  });
});
