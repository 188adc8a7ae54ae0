import { describe, expect, it } from 'vitest';
import type { Front, GatewayInput, TakenBy, Trouble } from '../../../../src/checks/gateway/facts.ts';
import { judgeGateway } from '../../../../src/checks/gateway/judge.ts';
import { destination, evidence, named, result } from '../results.ts';

const URL = 'http://shop.example.com/cart';
const BY: TakenBy = {
  object: { kind: 'Ingress', namespace: 'default', name: 'web' },
  rule: 'host shop.example.com, path / (Prefix)',
};
const BACKEND = {
  namespace: 'default',
  name: 'shop',
  port: '80',
  of: 1,
  ready: 1,
  endpoints: [{ address: '192.0.2.5', port: 8080, pod: 'shop-1' }],
};
const NO_RULE: Trouble = {
  kind: 'no-rule',
  near: ['host api.example.com'],
  isOfHost: false,
  isPattern: false,
};
const SERVED: Front = {
  name: 'Ingresses of class nginx',
  addresses: ['192.0.2.9'],
  namesHost: true,
  troubles: [],
  by: BY,
  backend: BACKEND,
};
const LOST: Front = {
  name: 'Ingresses of class nginx',
  addresses: ['192.0.2.9'],
  namesHost: false,
  troubles: [NO_RULE],
};

interface Run {
  readonly status?: number;
  readonly remote?: string;
  readonly backend?: string;
  readonly trust?: number;
  /** What the certificate is for, as openssl says it. */
  readonly names?: 'match' | 'mismatch';
  /** All that was printed of it. */
  readonly certificate?: string;
  readonly denied?: readonly string[];
  readonly others?: readonly string[];
  readonly mayBeLed?: true;
}

function judged(
  fronts: readonly Front[],
  {
    status = 200,
    remote = '192.0.2.9',
    backend,
    trust,
    names,
    certificate = names && `now 1\nconnected\nname shop.example.com ${names}\n`,
    denied = [],
    others = [],
    mayBeLed,
  }: Run = {},
) {
  const to = destination({ label: URL, url: URL, port: '80' });
  const input: GatewayInput = {
    requests: [
      {
        destination: to,
        host: 'shop.example.com',
        path: '/cart',
        fronts,
        others,
        ...(mayBeLed === undefined ? {} : { mayBeLed }),
      },
    ],
    denied,
  };
  return judgeGateway(
    evidence({
      'to0-http': result(`${status} 0.001 0.000000 0.002 0.002 ${remote}\n`),
      ...(backend === undefined
        ? {}
        : { 'to0-backend0-reach': result(`address 192.0.2.5\ntry 1\n${backend}\n`) }),
      ...(trust === undefined
        ? {}
        : { 'to0-trust': result('', { code: trust, stderr: 'curl: (60) SSL\n' }) }),
      ...(certificate === undefined ? {} : { 'to0-certificate': result(certificate) }),
    }),
    input,
  );
}

const REFUSED = 'environment: connect: Connection refused\nfailed 211';

describe('how a request is answered', () => {
  it('nothing is said of one that works, whatever the API has', () => {
    expect(named(judged([SERVED]))).toEqual([]);
    expect(judged([SERVED]).summary).toMatch(
      /HTTP 200\. Ingress default\/web .* leads it to Service default\/shop:80 \(1 ready\)/,
    );
    expect(named(judged([LOST], { status: 200 }))).toEqual([]);
  });

  it('one that no rule takes', () => {
    expect(named(judged([LOST], { status: 404 }))).toEqual(['NT-GW-001 critical']);
  });

  it('is no pass where what failed is not to be seen in the API', () => {
    const { status, findings } = judged([SERVED], { status: 503 });
    expect([status, findings.length]).toEqual(['skip', 0]);
  });

  it('a rule that may not be read may be the one, and that is told', () => {
    const { findings } = judged([LOST], { status: 404, denied: ['ingresses of all namespaces'] });
    expect(findings.map(({ id }) => id)).toEqual(['NT-SYS-001']);
  });

  it('an object of a kind that is not followed may be the one, and that is told', () => {
    const { findings } = judged([LOST], { status: 404, others: ['IngressRoute (traefik.io)'] });
    expect(findings.map(({ id }) => id)).toEqual(['NT-SYS-001']);
    expect(JSON.stringify(findings)).toContain('objects of kind IngressRoute (traefik.io)');
  });

  const denied = ['ingresses of all namespaces'];
  it.each<[string, readonly Front[], Run, string]>([
    ['no rule may be read', [], { status: 404, denied, mayBeLed: true }, 'error'],
    ['only others may be read', [LOST], { status: 404, denied, mayBeLed: true }, 'error'],
    ['objects of another kind may lead it', [LOST], { status: 404, others: ['IngressRoute'] }, 'error'],
    [
      'they may lead what goes elsewhere',
      [LOST],
      { status: 404, others: ['x'], remote: '192.0.2.7' },
      'skip',
    ],
    ['a rule takes it', [SERVED], { status: 404, denied, mayBeLed: true }, 'skip'],
    ['it is served', [], { status: 200, denied, mayBeLed: true }, 'skip'],
  ])('who answered with an error is not known where %s', (_what, fronts, run, expected) => {
    const { status, summary } = judged(fronts, run);
    expect(status).toBe(expected);
    expect(/objects that were not read may have one/.test(summary)).toBe(expected === 'error');
  });

  it('by another address than the gateway has, a rule of another host is none of its business', () => {
    expect(named(judged([LOST], { status: 404, remote: '192.0.2.77' }))).toEqual([]);
  });

  it('an Ingress that serves it excuses whoever has no rule for it', () => {
    expect(named(judged([LOST, SERVED], { status: 404 }))).toEqual([]);
  });
});

describe('what a rule leads to', () => {
  it.each<[string, number, string[]]>([
    [REFUSED, 502, ['NT-GW-004 critical']],
    ['ok 613', 502, []],
    [REFUSED, 200, []],
    [REFUSED, 404, []],
    ['', 502, []],
  ])('a backend that says %j, with HTTP %i', (backend, status, expected) => {
    expect(named(judged([SERVED], { status, backend }))).toEqual(expected);
  });

  const of = (trouble: Trouble): Front => ({ ...SERVED, troubles: [trouble] });
  it.each<[Trouble, string]>([
    [{ kind: 'no-backend', by: BY, backend: BACKEND, why: 'missing', has: [] }, 'NT-GW-002 critical'],
    [
      { kind: 'no-backend', by: BY, backend: BACKEND, why: 'alias', has: ['example.net'] },
      'NT-GW-002 warning',
    ],
    [{ kind: 'no-endpoint', by: BY, backend: BACKEND, notReady: 1 }, 'NT-GW-003 critical'],
    [{ kind: 'no-controller', object: BY.object, why: 'class', wanted: '', known: [] }, 'NT-GW-005 critical'],
    [{ kind: 'not-attached', object: BY.object, gateway: BY.object, why: 'so' }, 'NT-GW-006 critical'],
    [{ kind: 'not-resolved', by: BY, why: 'so' }, 'NT-GW-007 critical'],
  ])('%j', (trouble, expected) => {
    expect(named(judged([of(trouble)], { status: 503 }))).toEqual([expected]);
    expect(named(judged([of(trouble)], { status: 200 }))).toEqual([]);
    expect(named(judged([of(trouble)], { status: 403 }))).toEqual([]);
  });
});

describe('NT-GW-008', () => {
  const without = (trouble: object): Front => ({
    ...SERVED,
    troubles: [{ kind: 'no-secret', object: BY.object, namespace: 'default', secret: 'tls', ...trouble }],
  });
  const object = { kind: 'Gateway', namespace: 'default', name: 'gw' };
  const FOUND = ['NT-GW-008 critical'];

  it.each<[number, string[]]>([
    [60, FOUND],
    [0, []],
    [7, []],
  ])('of an Ingress: curl that trusts ends with %i', (trust, expected) => {
    expect(named(judged([without({})], { trust }))).toEqual(expected);
  });

  it('is not that of the host, whoever signed it: a private authority is none that stands in', () => {
    expect(named(judged([without({})], { trust: 60, names: 'match' }))).toEqual([]);
    expect(named(judged([without({})], { trust: 60, names: 'mismatch' }))).toEqual(FOUND);
    // Without openssl nobody knows, and that is told.
    for (const certificate of ['no-openssl\n', 'now 1\nconnected\n']) {
      const { findings } = judged([without({})], { trust: 60, certificate });
      expect(findings).toMatchObject([{ id: 'NT-SYS-001', summary: expect.stringContaining('(NT-GW-008)') }]);
    }
  });

  it.each<[number, string[]]>([
    [60, FOUND],
    [7, FOUND],
    [35, FOUND],
    [56, FOUND],
    [28, []],
    [0, []],
  ])('of a Gateway, whose listener takes no connections then: curl ends with %i', (trust, expected) => {
    expect(named(judged([without({ object })], { trust }))).toEqual(expected);
  });

  it.each([
    [
      {},
      /^\S+ gets no TLS connection: Gateway default\/gw names Secret tls for \S+, which is not in default\.$/,
    ],
    [
      { namespace: 'certs', unusable: { isUngranted: true, why: 'no grant allows it' } },
      /which is in certs, and no grant allows it\.$/,
    ],
    [{ unusable: { why: 'its controller says no' } }, /for \S+, and its controller says no\.$/],
  ])('says why, of %j', (trouble, says) => {
    const { findings } = judged([without({ object, ...trouble })], { trust: 35 });
    expect(findings[0]?.summary).toMatch(says);
  });
});
