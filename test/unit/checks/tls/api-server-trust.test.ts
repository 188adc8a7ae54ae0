/** NT-TLS-009: a Service that the API server calls, and does not trust. */
import { describe, expect, it } from 'vitest';
import { chainsOf } from '../../../../src/checks/tls/chains.ts';
import tls from '../../../../src/checks/tls/check.ts';
import type { Caller, TlsInput } from '../../../../src/checks/tls/facts.ts';
import { planTls } from '../../../../src/checks/tls/plan.ts';
import prepare from '../../../../src/checks/tls/prepare.ts';
import { PROBE_SCRIPTS } from '../../../../src/probes/scripts.ts';
import { recording } from '../../../recordings/recordings.ts';
import { contextOf, SHOP, service, serving, subjectOf } from '../../cluster/objects.ts';
import { destination, evidence, named, result } from '../results.ts';

const BUNDLE = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
const SNI = 'hook.shop.svc';
const served = recording('tls-good')
  .stdout.replace(/^(\s+)DNS:.*$/m, `$1DNS:${SNI}`)
  .replace(/^subject=.*$/m, 'subject=CN=hook')
  .replace(/^issuer=.*$/m, 'issuer=CN=new ca')
  .replace(/^name .*$/m, `name ${SNI} match`);
const HOOK: Caller = {
  kind: 'ValidatingWebhookConfiguration',
  name: 'hooks',
  webhook: 'a.example.com',
  bundle: BUNDLE,
};

const inputOf = (callers: readonly Caller[]): TlsInput => ({
  servers: [{ destination: destination(), sni: SNI, names: [SNI], callers }],
  starttls: '',
  expireDays: 0,
});
const judged = (callers: readonly Caller[], chain: string | undefined, text = served) =>
  tls.judge(
    evidence({
      'to0-tls': result(text),
      ...Object.fromEntries(
        chain === undefined ? [] : callers.map((_, nth) => [`to0-chain${nth}`, result(chain)]),
      ),
    }),
    inputOf(callers),
  );
const OTHER = 'untrusted\nother 2027-01-01T00:00:00.000Z CN=old ca\n';

describe('NT-TLS-009', () => {
  it.each([
    ['trusted\n', HOOK, []],
    [OTHER, HOOK, ['NT-TLS-009 critical']],
    [OTHER, { ...HOOK, isIgnored: true }, ['NT-TLS-009 warning']],
    ['no-certificate\n', HOOK, ['NT-TLS-009 critical']],
    ['not-for-servers\n', HOOK, ['NT-TLS-009 critical']],
    ['untrusted\n', { ...HOOK, bundle: undefined }, ['NT-TLS-009 warning']],
    ['untrusted\n', { ...HOOK, bundle: undefined, injector: 'cert-manager' }, ['NT-TLS-009 critical']],
    ['trusted\n', { ...HOOK, bundle: undefined }, []],
  ] as const)('%j of %j: %j', (chain, caller, expected) => {
    expect(named(judged([caller as Caller], chain))).toEqual(expected);
  });

  it.each([
    [
      OTHER,
      /has a caBundle of CN=old ca, and the certificate is signed by CN=new ca: calls fail with "x509: /,
    ],
    [
      OTHER.replace('other', 'other-key'),
      /which has the name of who signed .* and another key: it was made anew/,
    ],
    [
      OTHER.replace('other', 'expired'),
      /has signed the chain and is valid until 2027-01-01T00:00:00.000Z alone/,
    ],
    [OTHER.replace('other', 'early'), /has signed the chain and is not valid yet/],
    [OTHER.replace('other', 'no-authority'), /is no authority by its basicConstraints or keyUsage/],
    [OTHER.replace('other', 'other-use'), /is not for servers \(extendedKeyUsage\)/],
    [`${OTHER}other 2027-01-01T00:00:00.000Z CN=b\n`, /a caBundle of CN=old ca and 1 more, and/],
  ])('says why: %j', (chain, says) => {
    const { summary, findings } = judged([HOOK], chain);
    expect(summary).toMatch(
      /^The API server does not trust \S+ \(\S+\): ValidatingWebhookConfiguration hooks \(webhook a\.example\.com\) has /,
    );
    expect(summary).toMatch(says);
    expect(JSON.stringify(findings)).not.toContain('BEGIN');
  });

  it('says of several alike once, and of each object what it is for', () => {
    const callers: Caller[] = [
      HOOK,
      { ...HOOK, webhook: 'b.example.com' },
      { kind: 'APIService', name: 'v1.example.com', bundle: BUNDLE },
      { kind: 'CustomResourceDefinition', name: 'carts.example.com', bundle: BUNDLE },
    ];
    const { summary, findings } = judged(callers, OTHER);
    expect(findings.filter(({ id }) => id === 'NT-TLS-009')).toHaveLength(1);
    expect(summary).toContain('hooks (webhooks a.example.com, b.example.com) has');
    expect(summary).toMatch(/APIService v1\.example\.com has .*, and the API is not available/);
    expect(summary).toMatch(/CustomResourceDefinition carts\.example\.com has .* requests for its objects/);
  });

  it.each([
    ['', ' no alternative name (the CN of CN=hook does not count)'],
    ['DNS:hook.shop.svc.cluster.local', ' for hook.shop.svc.cluster.local: '],
    ['DNS:*.svc', ' for *.svc: '],
  ])('is a name that is not among the alternative ones: %j', (names, says) => {
    const text =
      names === ''
        ? served.replace(/^X509v3 Subject Alternative Name:.*\n.*\n/m, '')
        : served.replace(/^(\s+)DNS:.*$/m, `$1${names}`);
    const { summary, findings } = judged([HOOK], 'trusted\n', text);
    expect(findings.map(({ id }) => id)).toContain('NT-TLS-009');
    expect(summary).toContain(`asks for ${SNI}, and the certificate `);
    expect(summary).toContain(says);
  });

  it.each(['DNS:HOOK.shop.svc', 'DNS:*.shop.svc', 'DNS:a, DNS:hook.shop.svc'])('is not: %s', (names) => {
    const text = served.replace(/^(\s+)DNS:.*$/m, `$1${names}`);
    expect(named(judged([HOOK], 'trusted\n', text))).toEqual([]);
  });

  it('leaves a certificate for none of the names, and one that has expired, to NT-TLS-001', () => {
    const text = served
      .replace(`name ${SNI} match`, `name ${SNI} mismatch`)
      .replace(/^(\s+)DNS:.*$/m, '$1DNS:x');
    expect(named(judged([HOOK], 'trusted\n', text))).toEqual(['NT-TLS-001 critical']);
  });

  it('is not measured without a verdict, and no pass of it is told', () => {
    for (const chain of [undefined, 'unreadable\n']) {
      const { findings } = judged([HOOK], chain);
      expect(findings.map(({ id }) => id)).toEqual(['NT-SYS-001']);
      expect(findings[0]?.summary).toMatch(
        /whether ValidatingWebhookConfiguration hooks trusts .* \(NT-TLS-009\): /,
      );
    }
  });

  it('is one story of a Service and its endpoint', () => {
    const [virtual, endpoint] = ['virtual', 'endpoint'].map((part, i) => ({
      ...destination(),
      id: `to${i}`,
      label: part === 'virtual' ? 'svc/hook:443' : 'svc/hook:443 → hook-0',
      service: { label: 'svc/hook:443', part: part as 'virtual' | 'endpoint' },
    }));
    if (!virtual || !endpoint) throw new Error('none');
    const servers = [virtual, endpoint].map((one) => ({
      destination: one,
      sni: SNI,
      names: [SNI],
      callers: [HOOK],
    }));
    const judge = (second: string) =>
      tls
        .judge(
          evidence({
            'to0-tls': result(served),
            'to1-tls': result(served),
            'to0-chain0': result(OTHER),
            'to1-chain0': result(second),
          }),
          { ...inputOf([]), servers },
        )
        .findings.map(({ subject }) => subject);
    expect(judge(OTHER)).toEqual(['svc/hook:443']);
    expect(judge('trusted\n')).toEqual(['svc/hook:443']);
  });
});

describe('what is verified', () => {
  const pem = '-----BEGIN CERTIFICATE-----\nBBBB\n-----END CERTIFICATE-----';
  const whole = served.replace(/^name /m, `${pem}\nname `);

  it('is what was served, with each caBundle, by the clock of the target', () => {
    const now = Number(/^now (\d+)$/m.exec(served)?.[1]);
    const own = { ...HOOK, bundle: undefined } as unknown as Caller;
    expect(chainsOf(evidence({ 'to0-tls': result(whole) }), inputOf([HOOK, own]))).toEqual([
      { id: 'to0-chain0', chain: [pem], authorities: BUNDLE, at: now },
      { id: 'to0-chain1', chain: [pem], at: now },
    ]);
  });

  it('is nothing where nobody calls, or nothing was served', () => {
    expect(chainsOf(evidence({ 'to0-tls': result(whole) }), inputOf([]))).toEqual([]);
    expect(chainsOf({}, inputOf([HOOK]))).toEqual([]);
  });

  it('is asked for where somebody calls alone', () => {
    const argv = (callers: readonly Caller[]) => planTls(inputOf(callers), PROBE_SCRIPTS).probe[0]?.argv[9];
    expect([argv([HOOK]), argv([])]).toEqual(['whole', '']);
  });
});

const GROUP = '/apis/admissionregistration.k8s.io/v1';
const LISTS = {
  validating: `${GROUP}/validatingwebhookconfigurations`,
  mutating: `${GROUP}/mutatingwebhookconfigurations`,
  definitions: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
  apis: '/apis/apiregistration.k8s.io/v1/apiservices',
};

const base64 = Buffer.from(BUNDLE).toString('base64');
const config = (more: object = {}, name = 'db') => ({
  service: { namespace: SHOP, name, port: 80, ...more },
  caBundle: base64,
});
const hooks = (name: string, ...webhooks: readonly object[]) => ({ metadata: { name }, webhooks });
const rules = [{}];

async function prepared(
  lists: Readonly<Record<string, readonly { metadata: { name: string } }[]>>,
  to = 'svc/db',
  faults: Parameters<typeof serving>[1] = {},
) {
  const { cluster, server } = await serving(
    {
      [`/api/v1/namespaces/${SHOP}/services`]: [service(['10.96.0.5'])],
      [`/apis/discovery.k8s.io/v1/namespaces/${SHOP}/endpointslices`]: [],
      ...lists,
    },
    faults,
  );
  const input = await prepare(await contextOf(subjectOf(cluster), [to], { tls: { starttls: '' } }));
  return { input, callers: input?.servers[0]?.callers, requests: server.requests };
}

describe('who calls a Service', () => {
  it('is each webhook that names it and its port', async () => {
    const { callers } = await prepared({
      [LISTS.validating]: [
        hooks(
          'v',
          { name: 'a', clientConfig: config(), rules },
          { name: 'b', clientConfig: config({ port: 443 }), rules },
          { name: 'c', clientConfig: config({}, 'web'), rules },
          { name: 'd', clientConfig: config({ namespace: 'prod' }), rules },
          { name: 'e', clientConfig: { url: 'https://db.shop.svc/' }, rules },
          { name: 'f', clientConfig: config(), rules: [] },
          { name: 'g', clientConfig: { ...config(), caBundle: '' }, rules, failurePolicy: 'Ignore' },
        ),
      ],
      [LISTS.mutating]: [
        {
          ...hooks('m', { name: 'h', clientConfig: config(), rules }),
          metadata: { name: 'm', annotations: { 'cert-manager.io/inject-ca-from': 'shop/db' } },
        } as never,
      ],
    });
    expect(callers).toEqual([
      {
        kind: 'MutatingWebhookConfiguration',
        name: 'm',
        webhook: 'h',
        bundle: BUNDLE,
        injector: 'cert-manager',
      },
      { kind: 'ValidatingWebhookConfiguration', name: 'v', webhook: 'a', bundle: BUNDLE },
      { kind: 'ValidatingWebhookConfiguration', name: 'v', webhook: 'g', isIgnored: true },
    ]);
  });

  it('is a conversion of more than one version, and an API that is verified', async () => {
    const definition = (name: string, versions: readonly object[], strategy = 'Webhook') => ({
      metadata: { name },
      spec: { conversion: { strategy, webhook: { clientConfig: config() } }, versions },
    });
    const [v1, v2] = [{ name: 'v1' }, { name: 'v2' }];
    const { callers } = await prepared({
      [LISTS.definitions]: [
        definition('two', [v1, v2]),
        definition('one', [v1]),
        definition('none', [v1, v2], 'None'),
        { ...definition('stored', [v1]), status: { storedVersions: ['v0'] } } as never,
      ],
      [LISTS.apis]: [
        { metadata: { name: 'checked' }, spec: config() } as never,
        { metadata: { name: 'unchecked' }, spec: { ...config(), insecureSkipTLSVerify: true } } as never,
        { metadata: { name: 'local' }, spec: {} } as never,
      ],
    });
    expect(callers?.map(({ name }) => name)).toEqual(['two', 'stored', 'checked']);
  });

  it.each(['db.shop.svc:80', 'svc/db:80', 'svc/db:sql'])('is found for %s', async (to) => {
    const lists = { [LISTS.validating]: [hooks('v', { name: 'a', clientConfig: config(), rules })] };
    expect((await prepared(lists, to)).callers).toHaveLength(1);
  });

  it.each(['example.com:443', 'db.shop.svc.cluster.local:80', '10.96.0.5:80', 'kubernetes.default.svc:443'])(
    'is not asked for %s',
    async (to) => {
      const { requests, callers } = await prepared({}, to);
      expect(callers).toBeUndefined();
      expect(requests.filter((one) => /webhook|apiservice|customresource/.test(one))).toEqual([]);
    },
  );

  it('is no news where it may not be read, and told where that fails', async () => {
    const lists = { [LISTS.validating]: [] };
    const denied = await prepared(lists, 'svc/db', { [LISTS.validating]: { status: 403 } });
    expect(denied.input?.unread).toBeUndefined();
    const failed = await prepared(lists, 'svc/db', { [LISTS.validating]: { status: 500 } });
    expect(failed.input?.unread).toEqual([
      {
        what: 'whether the API server trusts it, by each ValidatingWebhookConfiguration (NT-TLS-009)',
        reason: expect.any(String),
      },
    ]);
  });
});
