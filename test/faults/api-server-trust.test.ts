/**
 * NT-TLS-009: webhooks that the API server calls and does not trust, made for real and named by the built
 * binary. They are for labelled ConfigMaps of the test's own namespace alone, of which there is none.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { until } from '../cluster/proc.ts';
import { helper, kubectl, type Manifest, pod, testNamespace } from '../e2e/support/cluster.ts';
import { proxied } from '../e2e/support/services.ts';
import { checkReport, expectFirst, expectSilence } from './named.ts';

const ns = testNamespace('f-trust');

/** The Services, by the port of the server behind each. */
const PORTS = { signed: 8443, own: 8444, nameless: 8445, renamed: 8446 };

/**
 * `old` and `new` are authorities of one name, as of a controller that has made its own anew; `other` is somebody else's. Servers
 * have what `new` has signed, but for one that has signed its own. openssl's -www answers as no webhook does.
 */
const START = `
set -e
cd /tmp
for one in old:hook-ca new:hook-ca other:other-ca; do
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout \${one%%:*}.key -out \${one%%:*}.crt -subj "/CN=\${one#*:}" -days 90 2>/dev/null
done
signed() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key -out $1.csr -subj "/CN=$1.$NS.svc" 2>/dev/null
  printf '%s\\n' "$2" >$1.ext
  openssl x509 -req -in $1.csr -CA new.crt -CAkey new.key -days 90 -extfile $1.ext -out $1.crt 2>/dev/null
}
signed signed "subjectAltName=DNS:signed.$NS.svc"
signed nameless extendedKeyUsage=serverAuth
signed renamed "subjectAltName=DNS:renamed.$NS.svc.cluster.local"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout own.key -out own.crt -subj /CN=own -days 90 \
  -addext "subjectAltName=DNS:own.$NS.svc" -addext basicConstraints=critical,CA:false 2>/dev/null
for one in "$@"; do
  nohup openssl s_server -accept \${one#*:} -cert \${one%:*}.crt -key \${one%:*}.key -www </dev/null >/dev/null 2>&1 &
done
`;

const KINDS = 'validatingwebhookconfigurations,mutatingwebhookconfigurations';

const bundles: Record<string, string> = {};

beforeAll(async () => {
  await ns.start(pod('client'), pod('server', { containers: [helper] }));
  const servers = Object.entries(PORTS).map(([name, port]) => `${name}:${port}`);
  await ns.help('server', 'env', `NS=${ns.name}`, 'bash', '-c', START, 'start', ...servers);
  await until('the servers listen', 60, async () => {
    const listening = await ns.help('server', 'ss', '-tlnH');
    return Object.values(PORTS).every((port) => listening.includes(`:${port} `)) || listening;
  });
  for (const name of ['old', 'new', 'other', 'own'])
    bundles[name] = await ns.help('server', 'cat', `/tmp/${name}.crt`);
  for (const [name, targetPort] of Object.entries(PORTS)) {
    const spec = { selector: { app: 'server' }, ports: [{ port: 443, targetPort }] };
    await ns.apply({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec });
    await proxied(ns, name, 1);
  }
}, 240_000);

afterAll(async () => {
  await kubectl(['delete', KINDS, '-l', `nettools-test=${ns.name}`, '--ignore-not-found']);
});

interface Hook {
  readonly service: keyof typeof PORTS;
  readonly trusts: readonly string[];
  readonly failurePolicy?: 'Fail' | 'Ignore';
  readonly kind?: 'Validating' | 'Mutating';
}

/** In the place of the one before: there is one configuration at a time. */
async function configure({
  service,
  trusts,
  failurePolicy = 'Fail',
  kind = 'Validating',
}: Hook): Promise<string> {
  const pem = trusts.map((name) => bundles[name] ?? '').join('');
  const name = `${ns.name}-${service}`;
  await kubectl(['delete', KINDS, '-l', `nettools-test=${ns.name}`, '--ignore-not-found']);
  const label = { 'nettools-test': ns.name };
  const webhook = {
    name: `${service}.nettools.example`,
    clientConfig: {
      service: { namespace: ns.name, name: service, path: '/validate' },
      caBundle: Buffer.from(pem).toString('base64'),
    },
    failurePolicy,
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    timeoutSeconds: 5,
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': ns.name } },
    objectSelector: { matchLabels: { 'nettools-hook': service } },
    rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
  };
  const object: Manifest = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: `${kind}WebhookConfiguration`,
    metadata: { name, labels: label },
    webhooks: [webhook],
  };
  await kubectl(['apply', '-f', '-'], JSON.stringify(object));
  return `${kind}WebhookConfiguration ${name} (webhook ${webhook.name})`;
}

/** The report, once the API server's memory, which lists are read from, has the configuration. */
async function diagnosed(hook: Hook): Promise<{ report: Report; name: string }> {
  const name = await configure(hook);
  let report: Report | undefined;
  await until(`the report knows of ${name}`, 60, async () => {
    report = await checkReport('tls', ['client', '-n', ns.name, '--to', `svc/${hook.service}:443`]);
    const measured = JSON.stringify(report.checks[0]?.measurements);
    return measured.includes(`"${name}"`) || measured;
  });
  if (report === undefined) throw new Error('no report');
  return { report, name };
}

describe('a webhook that the API server does not trust', () => {
  const FAULTS: readonly (readonly [string, Hook, RegExp])[] = [
    [
      'since the authority was made anew',
      { service: 'signed', trusts: ['old'] },
      /has a caBundle of CN=hook-ca, which has the name of who signed the certificate and another key: it was made anew/,
    ],
    [
      "since the caBundle is somebody else's",
      { service: 'signed', trusts: ['other'], kind: 'Mutating' },
      /has a caBundle of CN=other-ca, and the certificate is signed by CN=hook-ca: calls fail with "x509: certificate signed by unknown authority", and so do all requests that it is for/,
    ],
    [
      'since the caBundle is empty and the certificate signs itself',
      { service: 'own', trusts: [] },
      /has no caBundle, and the certificate is self-signed/,
    ],
    [
      'since the certificate has a common name alone',
      { service: 'nameless', trusts: ['new'] },
      /asks for nameless\.\S+\.svc, and the certificate has no alternative name/,
    ],
    [
      'since the certificate is for the whole name',
      { service: 'renamed', trusts: ['new'] },
      /asks for renamed\.\S+\.svc, and the certificate is for renamed\.\S+\.svc\.cluster\.local/,
    ],
  ];
  test.each(FAULTS)('%s', async (_title, hook, says) => {
    const { report, name } = await diagnosed(hook);
    const { summary, evidence } = expectFirst(report, { id: 'NT-TLS-009', severity: 'critical', says });
    expect(summary).toContain(name);
    expect(JSON.stringify([summary, evidence])).not.toContain('BEGIN CERTIFICATE');
  });

  test('and passes over', async () => {
    const { report } = await diagnosed({ service: 'signed', trusts: ['old'], failurePolicy: 'Ignore' });
    expectFirst(report, {
      id: 'NT-TLS-009',
      severity: 'warning',
      says: /are passed over \(failurePolicy: Ignore\)/,
    });
  });
});

describe('a webhook that the API server trusts', () => {
  test.each([
    ['by its authority', { service: 'signed', trusts: ['new'] }],
    ['by the new one of two', { service: 'signed', trusts: ['old', 'new'] }],
    ['by its own certificate, which is no authority', { service: 'own', trusts: ['own'] }],
  ] as const)('%s', async (_title, hook) => {
    const { report } = await diagnosed(hook);
    expectSilence(report);
    expect(report.verdict).toBe('pass');
  });
});
