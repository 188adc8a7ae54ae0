import { describe, expect, it } from 'vitest';
import { ingressFronts } from '../../../../src/checks/gateway/ingress.ts';
import type { Ingress, IngressClass } from '../../../../src/model/kube-objects.ts';

const HOST = 'shop.example.com';
const NGINX: IngressClass = { metadata: { name: 'nginx' } };
const DEFAULT: IngressClass = {
  metadata: { name: 'nginx', annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } },
};

interface Parts {
  readonly name?: string;
  readonly host?: string;
  readonly path?: string;
  readonly pathType?: string;
  readonly to?: string;
  readonly spec?: object;
  readonly annotations?: Record<string, string>;
}

function ingress(parts: Parts = {}): Ingress {
  const { name = 'web', path = '/', pathType = 'Prefix', to = 'shop', annotations = {} } = parts;
  return {
    metadata: { namespace: 'default', name, annotations },
    spec: {
      ingressClassName: 'nginx',
      rules: [
        {
          host: parts.host ?? HOST,
          http: { paths: [{ path, pathType, backend: { service: { name: to, port: { number: 80 } } } }] },
        },
      ],
      ...parts.spec,
    },
  };
}

function routed(path: string, ingresses: readonly Ingress[], classes?: readonly IngressClass[]) {
  const fronts = ingressFronts({ ingresses, ...(classes === undefined ? {} : { classes }) }, HOST, path);
  return fronts.map(({ name, troubles, backends }) => ({
    name,
    troubles: troubles.map((one) => ('why' in one ? `${one.kind} ${one.why}` : one.kind)),
    to: backends.map(({ name: service, port }) => `${service}:${port}`),
  }));
}

describe('which Ingress takes a request', () => {
  it('the longest path, the exact one of two that are as long, whatever their order', () => {
    const all = [
      ingress({ to: 'root' }),
      ingress({ path: '/api', to: 'prefix' }),
      ingress({ path: '/api', pathType: 'Exact', to: 'exact' }),
    ];
    for (const order of [all, [...all].reverse()]) {
      expect(routed('/api', order, [NGINX])[0]?.to).toEqual(['exact:80']);
      expect(routed('/api/x', order, [NGINX])[0]?.to).toEqual(['prefix:80']);
      expect(routed('/other', order, [NGINX])[0]?.to).toEqual(['root:80']);
    }
  });

  it('the exact host before a wildcard, even where its path is shorter', () => {
    const all = [ingress({ host: '*.example.com', path: '/api', to: 'wild' }), ingress({ to: 'exact' })];
    expect(routed('/api', all, [NGINX])[0]?.to).toEqual(['exact:80']);
  });

  it('the default backend where no rule does', () => {
    const fallback = { defaultBackend: { service: { name: 'fallback', port: { number: 80 } } } };
    expect(
      routed('/x', [ingress({ path: '/api', spec: { rules: [], ...fallback } })], [NGINX])[0]?.to,
    ).toEqual(['fallback:80']);
    expect(routed('/x', [ingress({ path: '/api' })], [NGINX])).toEqual([
      { name: 'Ingresses of class nginx', troubles: ['no-rule'], to: [] },
    ]);
  });

  it('says that a path is meant as a pattern', () => {
    const fronts = ingressFronts(
      { ingresses: [ingress({ path: '/source.*' })], classes: [NGINX] },
      HOST,
      '/source-1',
    );
    expect(fronts[0]?.troubles).toMatchObject([{ kind: 'no-rule', isPattern: true, isOfHost: true }]);
  });
});

describe('whose an Ingress is', () => {
  it.each<[string, Parts, readonly IngressClass[] | undefined, string[]]>([
    ['a class that there is', {}, [NGINX], []],
    [
      'a class that there is not',
      { spec: { ingressClassName: 'public' } },
      [NGINX],
      ['no-controller unknown-class'],
    ],
    [
      'no class, and none is the default',
      { spec: { ingressClassName: undefined } },
      [NGINX],
      ['no-controller class'],
    ],
    ['no class, and one is the default', { spec: { ingressClassName: undefined } }, [DEFAULT], []],
    [
      'an annotation, which needs no object',
      { spec: { ingressClassName: undefined }, annotations: { 'kubernetes.io/ingress.class': 'old' } },
      [NGINX],
      [],
    ],
    ['classes that may not be read', { spec: { ingressClassName: 'public' } }, undefined, []],
  ])('%s', (_what, parts, classes, troubles) => {
    expect(routed('/', [ingress(parts)], classes)[0]?.troubles).toEqual(troubles);
  });

  it('one with an address is served, whatever its class', () => {
    const served = {
      ...ingress({ spec: { ingressClassName: 'public' } }),
      status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } },
    };
    expect(routed('/', [served], [NGINX])[0]?.troubles).toEqual([]);
  });

  it('one of another host is nobody’s concern', () => {
    expect(
      routed('/', [ingress({ host: 'other.example.com', spec: { ingressClassName: 'public' } })], [NGINX]),
    ).toEqual([]);
  });
});

describe('the Secret of the certificate', () => {
  const secrets = (tls: readonly object[]) =>
    ingressFronts({ ingresses: [ingress({ spec: { tls } })], classes: [NGINX] }, HOST, '/')[0]?.secrets.map(
      ({ secret }) => secret,
    );

  it.each<[readonly object[], readonly (string | undefined)[]]>([
    [[{ hosts: [HOST], secretName: 'a' }], ['a']],
    [[{ hosts: ['*.example.com'], secretName: 'wild' }], ['wild']],
    [[{ hosts: ['other.example.com'], secretName: 'b' }], [undefined]],
    [[{ hosts: [HOST] }], [undefined]],
    [[], [undefined]],
  ])('of %j is %j', (tls, expected) => {
    expect(secrets(tls)).toEqual(expected);
  });
});
