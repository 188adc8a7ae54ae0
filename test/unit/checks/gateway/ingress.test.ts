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
  const fronts = ingressFronts(
    { ingresses, ...(classes === undefined ? {} : { classes }) },
    { host: HOST, path },
  );
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
      { host: HOST, path: '/source-1' },
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
    ingressFronts(
      { ingresses: [ingress({ spec: { tls } })], classes: [NGINX] },
      { host: HOST, path: '/' },
    )[0]?.secrets.map(({ secret }) => secret);

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

describe('what controllers do beyond the specification', () => {
  const CONTROLLED: IngressClass = {
    metadata: { name: 'nginx' },
    spec: { controller: 'k8s.io/ingress-nginx' },
  };
  const nginx = (name: string, value: string) => ({ [`nginx.ingress.kubernetes.io/${name}`]: value });
  const canary = (more: Record<string, string> = {}) =>
    ingress({ name: 'a-canary', to: 'next', annotations: { ...nginx('canary', 'true'), ...more } });

  it('a canary takes no request that nobody marked, and a share of them by its weight', () => {
    expect(routed('/', [canary(), ingress()], [NGINX])[0]?.to).toEqual(['shop:80']);
    expect(routed('/', [canary(nginx('canary-weight', '0')), ingress()], [NGINX])[0]?.to).toEqual([
      'shop:80',
    ]);
    const shared = ingressFronts(
      { ingresses: [canary(nginx('canary-weight', '20')), ingress()], classes: [NGINX] },
      { host: HOST, path: '/' },
    );
    expect(shared[0]?.by?.object.name).toBe('web');
    expect(shared[0]?.backends).toMatchObject([
      { name: 'shop', of: 2 },
      { name: 'next', of: 2, by: { object: { name: 'a-canary' } } },
    ]);
  });

  it('one that passes TLS on looks at no path, and has no certificate', () => {
    const passing = ingress({ path: '/api', annotations: nginx('ssl-passthrough', 'true') });
    const fronts = (isTls: boolean) =>
      ingressFronts({ ingresses: [passing], classes: [NGINX] }, { host: HOST, path: '/cart', isTls });
    expect(fronts(true)).toMatchObject([{ troubles: [], backends: [{ name: 'shop' }], secrets: [] }]);
    expect(fronts(false)).toMatchObject([{ troubles: [{ kind: 'no-rule' }] }]);
  });

  it('a certificate of a cloud is in no Secret, and one of another Ingress of the host is enough', () => {
    const secrets = (...ingresses: readonly Ingress[]) =>
      ingressFronts({ ingresses, classes: [NGINX] }, { host: HOST, path: '/api' })[0]?.secrets.map(
        ({ secret }) => secret,
      );
    const api = ingress({ name: 'api', path: '/api' });
    expect(secrets(api)).toEqual([undefined]);
    expect(secrets(api, ingress({ spec: { tls: [{ hosts: [HOST], secretName: 'web-tls' }] } }))).toEqual([
      'web-tls',
    ]);
    const annotations = { 'alb.ingress.kubernetes.io/certificate-arn': 'arn:aws:acm:1' };
    expect(secrets(ingress({ path: '/api', annotations }))).toEqual([]);
  });

  it.each<[string, Parts, IngressClass, string, boolean]>([
    ['a pattern', { path: '/a.*' }, CONTROLLED, '/a-1', false],
    [
      'a pattern that is one',
      { path: '/a.*', annotations: nginx('use-regex', 'true') },
      CONTROLLED,
      '/a-1',
      true,
    ],
    [
      'a rewrite',
      { path: '/x(/|$)(.*)', annotations: nginx('rewrite-target', '/$2') },
      CONTROLLED,
      '/x/1',
      true,
    ],
    ['a pattern of its own', { path: '/a/*', pathType: 'ImplementationSpecific' }, NGINX, '/a/1', true],
    ['the same in nginx', { path: '/a/*', pathType: 'ImplementationSpecific' }, CONTROLLED, '/a/1', false],
    ['a beginning', { path: '/foo', pathType: 'ImplementationSpecific' }, CONTROLLED, '/foobar', true],
    ['no beginning of elements', { path: '/foo' }, CONTROLLED, '/foobar', false],
  ])('%s', (_what, parts, kind, path, isTaken) => {
    expect(routed(path, [ingress(parts)], [kind])[0]?.troubles).toEqual(isTaken ? [] : ['no-rule']);
  });

  it('a name beside that of the rule is one of its hosts', () => {
    const annotations = nginx('server-alias', `www.example.com, ${HOST}`);
    expect(routed('/', [ingress({ host: 'old.example.com', annotations })], [NGINX])[0]?.troubles).toEqual(
      [],
    );
  });

  it('some take Ingresses without a class', () => {
    const bare = ingress({ spec: { ingressClassName: undefined } });
    const of = (controller: string) => [{ metadata: { name: 'edge' }, spec: { controller } }];
    expect(routed('/', [bare], of('traefik.io/ingress-controller'))[0]?.troubles).toEqual([]);
    expect(routed('/', [bare], of('k8s.io/ingress-nginx'))[0]?.troubles).toEqual(['no-controller class']);
  });

  it('the default backend of an Ingress of the host, before that of others', () => {
    const to = (name: string) => ({ defaultBackend: { service: { name, port: { number: 80 } } } });
    const all = [
      ingress({ name: 'a', host: 'other.example.com', spec: { ...to('other'), rules: [] } }),
      { ...ingress({ name: 'b', path: '/api' }), spec: { ...ingress({ path: '/api' }).spec, ...to('own') } },
    ];
    expect(routed('/x', all, [NGINX])[0]?.to).toEqual(['own:80']);
  });
});

describe('the same rule twice', () => {
  const aged = (name: string, to: string, creationTimestamp: string): Ingress => {
    const one = ingress({ name, to });
    return { ...one, metadata: { ...one.metadata, creationTimestamp } } as unknown as Ingress;
  };
  const rivalsOf = (...all: readonly Ingress[]) =>
    ingressFronts({ ingresses: all, classes: [NGINX] }, { host: HOST, path: '/' }).map(({ by, rivals }) => [
      by?.object.name,
      rivals?.map(({ object, to }) => `${object.name} ${to}`),
    ]);

  it('is the older one', () => {
    const [old, young] = [
      aged('b', 'shop', '2026-01-01T00:00:00Z'),
      aged('a', 'cart', '2026-02-01T00:00:00Z'),
    ];
    expect(rivalsOf(young, old)).toEqual([['b', ['a Service default/cart:80']]]);
  });

  it('is none of one with a load balancer of its own', () => {
    const at = (name: string, to: string, ip: string): Ingress => ({
      ...ingress({ name, to }),
      status: { loadBalancer: { ingress: [{ ip }] } },
    });
    expect(rivalsOf(at('a', 'shop', '192.0.2.1'), at('b', 'cart', '192.0.2.2'))).toEqual([['a', undefined]]);
    expect(rivalsOf(at('a', 'shop', '192.0.2.1'), at('b', 'cart', '192.0.2.1'))).toEqual([
      ['a', ['b Service default/cart:80']],
    ]);
  });

  it.each<[string, Ingress]>([
    ['leads to the same', ingress({ name: 'z' })],
    ['has another path', ingress({ name: 'b', to: 'cart', path: '/cart' })],
    [
      'is a canary',
      ingress({ name: 'b', to: 'cart', annotations: { 'nginx.ingress.kubernetes.io/canary': 'true' } }),
    ],
    [
      'is of another entry point',
      ingress({
        name: 'z',
        to: 'noop',
        annotations: { 'traefik.ingress.kubernetes.io/router.entrypoints': 'web' },
      }),
    ],
    [
      'takes other methods',
      ingress({ name: 'z', to: 'cart', annotations: { 'konghq.com/methods': 'POST' } }),
    ],
  ])('is none that %s', (_what, other) => {
    expect(rivalsOf(ingress(), other)).toEqual([['web', undefined]]);
  });

  it('is one whose annotations are about something else', () => {
    const annotations = { 'nginx.ingress.kubernetes.io/proxy-body-size': '8m' };
    expect(rivalsOf(ingress(), ingress({ name: 'z', to: 'cart', annotations }))).toEqual([
      ['web', ['z Service default/cart:80']],
    ]);
  });
});

describe('load balancers of their own', () => {
  const ALB: IngressClass = { metadata: { name: 'nginx' }, spec: { controller: 'ingress.k8s.aws/alb' } };
  const grouped = (name: string): Ingress =>
    ingress({ name, to: name, annotations: { 'alb.ingress.kubernetes.io/group.name': 'shared' } });
  const leads = (classes: readonly IngressClass[], ...all: readonly Ingress[]) =>
    routed('/', all, classes).map(({ to }) => to.join());

  it('have each rules of their own', () => {
    expect(leads([ALB], ingress({ name: 'a', to: 'a' }), ingress({ name: 'b', to: 'b' }))).toEqual([
      'a:80',
      'b:80',
    ]);
    const gce = (name: string): Ingress => ({
      ...ingress({ name, to: name, annotations: { 'kubernetes.io/ingress.class': 'gce' } }),
      spec: { ...ingress({ to: name }).spec, ingressClassName: undefined } as never,
    });
    expect(leads([], gce('a'), gce('b'))).toEqual(['a:80', 'b:80']);
  });

  it('are one by a group, or a controller that has one for all', () => {
    expect(leads([ALB], grouped('a'), grouped('b'))).toEqual(['a:80']);
    expect(leads([NGINX], ingress({ name: 'a', to: 'a' }), ingress({ name: 'b', to: 'b' }))).toEqual([
      'a:80',
    ]);
  });
});

describe('an action of a load balancer of AWS', () => {
  it('is no Service that could be missing', () => {
    const http = {
      paths: [
        {
          path: '/',
          pathType: 'Prefix',
          backend: { service: { name: 'ssl-redirect', port: { name: 'use-annotation' } } },
        },
      ],
    };
    const one = ingress({ spec: { rules: [{ host: HOST, http }] } });
    expect(routed('/', [one], [NGINX])).toEqual([{ name: 'Ingresses of class nginx', troubles: [], to: [] }]);
  });
});
