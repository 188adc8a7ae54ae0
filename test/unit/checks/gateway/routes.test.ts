import { describe, expect, it } from 'vitest';
import { gatewayFronts } from '../../../../src/checks/gateway/routes.ts';
import type { Gateway, GatewayObjects, GatewayRoute } from '../../../../src/model/gateway-api.ts';

const HOST = 'shop.example.com';

function gateway(listener: object = {}): Gateway {
  return {
    metadata: { namespace: 'default', name: 'gw' },
    spec: {
      gatewayClassName: 'test',
      listeners: [{ name: 'http', port: 80, protocol: 'HTTP', ...listener }],
    },
  };
}

function route(spec: object = {}, rest: Partial<GatewayRoute> = {}): GatewayRoute {
  return {
    metadata: { namespace: 'default', name: 'web' },
    spec: {
      parentRefs: [{ name: 'gw', namespace: 'default' }],
      hostnames: [HOST],
      rules: [{ backendRefs: [{ name: 'shop', port: 80 }] }],
      ...spec,
    },
    ...rest,
  };
}

function routed(objects: Partial<GatewayObjects>, path = '/', more: { query?: string; only?: string } = {}) {
  const all: GatewayObjects = {
    classes: [{ metadata: { name: 'test' } }],
    gateways: [gateway()],
    httpRoutes: [route()],
    grpcRoutes: [],
    grants: [],
    ...objects,
  };
  const { only, ...query } = more;
  return gatewayFronts(all, { host: HOST, path, port: 80, ...query }, only).map(
    ({ troubles, backends, by }) => ({
      troubles: troubles.map((one) => one.kind),
      why: troubles.flatMap((one) => ('why' in one ? one.why : [])),
      to: backends.map(({ namespace, name }) => `${namespace}/${name}`),
      by: by?.rule,
    }),
  );
}

const says = (objects: Partial<GatewayObjects>, path?: string) => routed(objects, path)[0];
const path = (value: string, type = 'PathPrefix') => [{ path: { type, value } }];

describe('which route takes a request', () => {
  it('one without a match takes all', () => {
    expect(says({}, '/cart')).toMatchObject({
      troubles: [],
      to: ['default/shop'],
      by: `host ${HOST}, path / (PathPrefix)`,
    });
  });

  it('the longest path, an exact one before all', () => {
    const rules = [
      { matches: path('/'), backendRefs: [{ name: 'root', port: 80 }] },
      { matches: path('/api'), backendRefs: [{ name: 'api', port: 80 }] },
      { matches: path('/api', 'Exact'), backendRefs: [{ name: 'exact', port: 80 }] },
    ];
    const httpRoutes = [route({ rules })];
    expect(says({ httpRoutes }, '/api')?.to).toEqual(['default/exact']);
    expect(says({ httpRoutes }, '/api/x')?.to).toEqual(['default/api']);
    expect(says({ httpRoutes }, '/apix')?.to).toEqual(['default/root']);
  });

  it('a call of gRPC by its service and method', () => {
    const rules = [
      { matches: [{ method: { service: 'shop.Cart' } }], backendRefs: [{ name: 'cart', port: 80 }] },
    ];
    const grpcRoutes = [route({ rules })];
    expect(says({ httpRoutes: [], grpcRoutes }, '/shop.Cart/Add')?.to).toEqual(['default/cart']);
    expect(says({ httpRoutes: [], grpcRoutes }, '/shop.Stock/Get')?.troubles).toEqual(['no-rule']);
  });

  it('backends without a weight get nothing', () => {
    const rules = [
      {
        backendRefs: [
          { name: 'old', port: 80, weight: 0 },
          { name: 'new', port: 80 },
        ],
      },
    ];
    expect(says({ httpRoutes: [route({ rules })] })?.to).toEqual(['default/new']);
  });

  it('a redirect needs no backend, and another rule does', () => {
    const redirect = [{ filters: [{ type: 'RequestRedirect' }] }];
    expect(says({ httpRoutes: [route({ rules: redirect })] })?.troubles).toEqual([]);
    expect(says({ httpRoutes: [route({ rules: [{}] })] })?.troubles).toEqual(['not-resolved']);
  });
});

describe('what hinders a route', () => {
  const elsewhere = route({}, { metadata: { namespace: 'other', name: 'web' } });
  const said = (type: string, status: string): Partial<GatewayRoute> => ({
    status: { parents: [{ parentRef: { name: 'gw' }, conditions: [{ type, status, reason: 'Because' }] }] },
  });

  it.each<[string, Partial<GatewayObjects>, string[]]>([
    ['another namespace', { httpRoutes: [elsewhere] }, ['not-attached']],
    [
      'another namespace that is let in',
      { httpRoutes: [elsewhere], gateways: [gateway({ allowedRoutes: { namespaces: { from: 'All' } } })] },
      [],
    ],
    [
      'namespaces by labels, which are not read',
      {
        httpRoutes: [elsewhere],
        gateways: [gateway({ allowedRoutes: { namespaces: { from: 'Selector' } } })],
      },
      [],
    ],
    [
      'another hostname of the listener',
      { gateways: [gateway({ hostname: 'api.example.com' })] },
      ['not-attached'],
    ],
    ['a wildcard of the listener', { gateways: [gateway({ hostname: '*.example.com' })] }, []],
    [
      'a listener that is not there',
      { httpRoutes: [route({ parentRefs: [{ name: 'gw', sectionName: 'https' }] })] },
      ['not-attached'],
    ],
    ['what the controller refuses', { httpRoutes: [route({}, said('Accepted', 'False'))] }, ['not-attached']],
    [
      'what the controller took is taken',
      {
        httpRoutes: [
          {
            ...elsewhere,
            status: {
              parents: [
                {
                  parentRef: { name: 'gw', namespace: 'default' },
                  conditions: [{ type: 'Accepted', status: 'True' }],
                },
              ],
            },
          },
        ],
      },
      [],
    ],
    [
      'what the controller cannot resolve',
      { httpRoutes: [route({}, said('ResolvedRefs', 'False'))] },
      ['not-resolved'],
    ],
    ['a class that is not there', { classes: [] }, ['no-controller']],
    ['another host', { httpRoutes: [route({ hostnames: ['api.example.com'] })] }, ['no-rule']],
  ])('%s', (_what, objects, troubles) => {
    expect(says(objects)?.troubles).toEqual(troubles);
  });

  it('classes that may not be read hinder none', () => {
    const { classes: _classes, ...objects } = {
      classes: [],
      gateways: [gateway()],
      httpRoutes: [route()],
      grpcRoutes: [],
      grants: [],
    };
    expect(gatewayFronts(objects, { host: HOST, path: '/', port: 80 })[0]?.troubles).toEqual([]);
  });

  it('a Gateway that is not there is told of the route', () => {
    const all = routed({ httpRoutes: [route({ parentRefs: [{ name: 'public' }] })] });
    expect(all.map(({ troubles, why }) => [...troubles, ...why])).toEqual([
      ['no-rule'],
      ['no-controller', 'gateway'],
    ]);
  });
});

describe('a Service of another namespace', () => {
  const httpRoutes = [route({ rules: [{ backendRefs: [{ name: 'shop', namespace: 'other', port: 80 }] }] })];
  const grant = (spec: object) => ({
    metadata: { namespace: 'other', name: 'web' },
    spec: { from: [{ kind: 'HTTPRoute', namespace: 'default' }], to: [{ kind: 'Service' }], ...spec },
  });

  it.each<[string, GatewayObjects['grants'], string[]]>([
    ['without a grant', [], ['not-resolved']],
    ['with one', [grant({})], []],
    ['with one for its name', [grant({ to: [{ kind: 'Service', name: 'shop' }] })], []],
    ['with one for another name', [grant({ to: [{ kind: 'Service', name: 'api' }] })], ['not-resolved']],
    [
      'with one for another namespace',
      [grant({ from: [{ kind: 'HTTPRoute', namespace: 'third' }] })],
      ['not-resolved'],
    ],
    [
      'with one for routes of another kind',
      [grant({ from: [{ kind: 'GRPCRoute', namespace: 'default' }] })],
      ['not-resolved'],
    ],
  ])('%s', (_what, grants, troubles) => {
    expect(says({ httpRoutes, grants })?.troubles).toEqual(troubles);
  });
});

describe('conditions besides host and path', () => {
  const ruled = (...rules: readonly object[]) => ({ httpRoutes: [route({ rules })] });
  const to = (name: string, match: object) => ({ matches: [match], backendRefs: [{ name, port: 80 }] });
  const root = { path: { type: 'PathPrefix', value: '/' } };
  const header = { headers: [{ name: 'x-canary', value: '1' }] };

  it.each<[string, object]>([
    ['a header', { ...root, ...header }],
    ['a header and a longer path', { path: { value: '/cart' }, ...header }],
    ['another method', { ...root, method: 'POST' }],
    ['a query', { ...root, queryParams: [{ name: 'v', value: '2' }] }],
  ])('%s that the request has not: the rule without it takes it', (_what, match) => {
    expect(says(ruled(to('next', match), to('stable', root)), '/cart')?.to).toEqual(['default/stable']);
    // Alone it is left open: another client may have it.
    expect(says(ruled(to('next', match)), '/cart')?.to).toEqual(['default/next']);
  });

  it('a query that it has', () => {
    const match = { ...root, queryParams: [{ name: 'v', value: '2' }] };
    const [front] = routed(ruled(to('stable', root), to('next', match)), '/', { query: '?v=2' });
    expect(front?.to).toEqual(['default/next']);
  });

  it('a regular expression takes what it fits, and one in another dialect may', () => {
    const expression = (value: string) => ({ path: { type: 'RegularExpression', value } });
    const all = (value: string) => ruled(to('next', expression(value)), to('stable', root));
    expect(says(all('/api/v[0-9]+/.*'), '/cart')?.to).toEqual(['default/stable']);
    expect(says(all('/ca.t'), '/cart')?.to).toEqual(['default/next']);
    expect(says(all('(?i)/CART'), '/cart')?.to).toEqual(['default/next']);
  });
});

describe('rules without a backend', () => {
  it.each<[string, object, string[]]>([
    [
      'all of weight 0',
      { backendRefs: [{ name: 'old', port: 80, weight: 0 }] },
      ['each of its backends (old) has weight 0'],
    ],
    ['none at all', {}, ['the rule names no backend']],
    ['an extension, which may answer', { filters: [{ type: 'ExtensionRef' }] }, []],
  ])('%s', (_what, rule, why) => {
    expect(says({ httpRoutes: [route({ rules: [rule] })] })?.why).toEqual(why);
  });
});

describe('listeners', () => {
  const accepted = (...all: readonly [sectionName: string, status: string][]): Partial<GatewayRoute> => ({
    status: {
      parents: all.map(([sectionName, status]) => ({
        parentRef: { name: 'gw', sectionName },
        conditions: [{ type: 'Accepted', status, reason: 'Because' }],
      })),
    },
  });
  const two: Gateway = {
    ...gateway(),
    spec: {
      gatewayClassName: 'test',
      listeners: [
        { name: 'shop', port: 80, protocol: 'HTTP', hostname: HOST },
        { name: 'api', port: 80, protocol: 'HTTP', hostname: 'api.example.com' },
      ],
    },
  };
  const at = (sectionName: string, more: object = {}, rest: Partial<GatewayRoute> = {}) =>
    route({ parentRefs: [{ name: 'gw', sectionName }], ...more }, rest);

  it('a route without hostnames takes those of its listener alone', () => {
    const bare = (sectionName: string) => at(sectionName, { hostnames: [] }, accepted([sectionName, 'True']));
    expect(says({ gateways: [two], httpRoutes: [bare('shop')] })?.to).toEqual(['default/shop']);
    expect(says({ gateways: [two], httpRoutes: [bare('api')] })?.troubles).toEqual(['no-rule']);
  });

  it('an accepted route whose listeners have not the host is not attached for it', () => {
    const named = at('api', { hostnames: [HOST, 'api.example.com'] }, accepted(['api', 'True']));
    expect(says({ gateways: [two], httpRoutes: [named] })).toMatchObject({
      troubles: ['not-attached'],
      why: [`no listener takes ${HOST} (api: api.example.com)`],
    });
  });

  it('one of several that accepts the route is enough', () => {
    const parentRefs = [
      { name: 'gw', sectionName: 'api' },
      { name: 'gw', sectionName: 'shop' },
    ];
    const both = route({ parentRefs }, accepted(['api', 'False'], ['shop', 'True']));
    expect(says({ gateways: [two], httpRoutes: [both] })?.troubles).toEqual([]);
  });

  it.each<[string, object]>([
    ['passes TLS on', { protocol: 'TLS', tls: { mode: 'Passthrough' } }],
    ['knows no HTTP', { protocol: 'TCP' }],
  ])('one that %s is asked by no rule of HTTP', (_what, listener) => {
    expect(says({ gateways: [gateway(listener)], httpRoutes: [] })).toMatchObject({ troubles: [], to: [] });
  });

  it('a route of a ListenerSet may be one of the Gateway', () => {
    const set = { group: 'gateway.networking.k8s.io', kind: 'ListenerSet', name: 'more' };
    const httpRoutes = [route({ parentRefs: [set] })];
    expect(routed({ httpRoutes }).flatMap(({ troubles }) => troubles)).toEqual([]);
  });
});

describe('where one namespace alone may be read', () => {
  it('a Gateway and a grant of another are not called missing', () => {
    const rules = [{ backendRefs: [{ name: 'db', namespace: 'data', port: 80 }] }];
    const foreign = {
      httpRoutes: [route({ parentRefs: [{ name: 'gw', namespace: 'infra' }] })],
      gateways: [],
    };
    const kinds = (objects: Partial<GatewayObjects>, only?: string) =>
      routed(objects, '/', only === undefined ? {} : { only }).flatMap(({ troubles }) => troubles);
    expect(kinds(foreign)).toEqual(['no-controller']);
    expect(kinds(foreign, 'default')).toEqual([]);
    expect(kinds({ httpRoutes: [route({ rules })] })).toEqual(['not-resolved']);
    expect(kinds({ httpRoutes: [route({ rules })] }, 'default')).toEqual([]);
  });
});

it('a grant for a kind that is no Service', () => {
  const ref = {
    group: 'multicluster.x-k8s.io',
    kind: 'ServiceImport',
    name: 'db',
    namespace: 'data',
    port: 80,
  };
  const httpRoutes = [route({ rules: [{ backendRefs: [ref] }] })];
  const grant = (kind: string, group: string) => ({
    metadata: { namespace: 'data', name: 'all' },
    spec: { from: [{ kind: 'HTTPRoute', namespace: 'default' }], to: [{ kind, group }] },
  });
  expect(says({ httpRoutes, grants: [grant('Service', '')] })?.why).toEqual([
    'it leads to ServiceImport db in data, and no ReferenceGrant there allows references of HTTPRoutes in default',
  ]);
  expect(says({ httpRoutes, grants: [grant('ServiceImport', 'multicluster.x-k8s.io')] })?.troubles).toEqual(
    [],
  );
});

describe('the Secrets of a Gateway', () => {
  const FOREIGN = { namespace: 'certs', name: 'tls' };
  const grant = (to: object = {}, from: object = {}) => ({
    metadata: { namespace: 'certs' },
    spec: {
      from: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace: 'default', ...from }],
      to: [{ group: '', kind: 'Secret', ...to }],
    },
  });
  const secrets = (
    refs: readonly { name: string; namespace?: string; kind?: string; group?: string }[],
    grants: GatewayObjects['grants'] = [],
    { condition, only }: { condition?: object; only?: string } = {},
  ) => {
    const made = gateway({ name: 'https', port: 443, protocol: 'HTTPS', tls: { certificateRefs: refs } });
    const conditions = [{ type: 'ResolvedRefs', status: 'False', ...condition }];
    const status = condition === undefined ? {} : { status: { listeners: [{ name: 'https', conditions }] } };
    const all = {
      classes: [{ metadata: { name: 'test' } }],
      gateways: [{ ...made, ...status }],
      httpRoutes: [route()],
      grpcRoutes: [],
      grants,
    };
    return gatewayFronts(all, { host: HOST, path: '/', port: 443 }, only)[0]?.secrets;
  };
  const why = (...args: Parameters<typeof secrets>) => secrets(...args)?.[0]?.unusable;

  it('of its own namespace need nobody to allow it', () => {
    expect(secrets([{ name: 'tls' }])).toEqual([
      { object: { kind: 'Gateway', namespace: 'default', name: 'gw' }, namespace: 'default', secret: 'tls' },
    ]);
    expect(secrets([{ name: 'tls', namespace: 'default' }])?.[0]).not.toHaveProperty('unusable');
  });

  it('of another one need a grant there, for Gateways of this one and for this Secret', () => {
    const UNGRANTED = {
      isUngranted: true,
      why: 'no ReferenceGrant there allows references of Gateways in default',
    };
    expect(why([FOREIGN])).toEqual(UNGRANTED);
    expect(secrets([FOREIGN])?.[0]?.namespace).toBe('certs');
    for (const allowed of [grant(), grant({ name: 'tls' })])
      expect(why([FOREIGN], [allowed])).toBeUndefined();
    for (const other of [
      grant({ name: 'other' }),
      grant({ kind: 'ConfigMap' }),
      grant({}, { namespace: 'shop' }),
      grant({}, { kind: 'HTTPRoute' }),
      { ...grant(), metadata: { namespace: 'default' } },
    ])
      expect(why([FOREIGN], [other])).toEqual(UNGRANTED);
  });

  it('are not called forbidden where grants may not be read, or the controller has resolved them', () => {
    expect(why([FOREIGN], [], { only: 'default' })).toBeUndefined();
    expect(why([FOREIGN], [], { condition: { status: 'True', reason: 'ResolvedRefs' } })).toBeUndefined();
  });

  it('are none where the controller makes nothing of them, and of other kinds nothing is known', () => {
    const condition = { reason: 'InvalidCertificateRef', message: 'no key' };
    expect(why([{ name: 'tls' }], [], { condition })?.why).toBe(
      'its controller says ResolvedRefs is False (InvalidCertificateRef): "no key"',
    );
    expect(why([{ name: 'tls' }], [], { condition: { reason: 'InvalidRouteKinds' } })).toBeUndefined();
    expect(secrets([{ name: 'tls', group: 'example.com' }])).toEqual([]);
  });
});

describe('the same rule of two routes', () => {
  const listeners = [
    { name: 'http', port: 80, protocol: 'HTTP' },
    { name: 'https', port: 443, protocol: 'HTTPS', tls: { certificateRefs: [{ name: 'cert' }] } },
  ];
  const both: Gateway = { ...gateway(), spec: { gatewayClassName: 'test', listeners } };
  const of = (name: string, sectionName: string, rule: object, creationTimestamp: string): GatewayRoute =>
    ({
      ...route({
        parentRefs: [{ name: 'gw', namespace: 'default', sectionName }],
        rules: [{ matches: path('/'), ...rule }],
      }),
      metadata: { namespace: 'default', name, creationTimestamp },
    }) as unknown as GatewayRoute;
  const redirect = { filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https' } }] };
  const to = (name: string) => ({ backendRefs: [{ name, port: 80 }] });
  const rivalsOf = (port: number, ...httpRoutes: readonly GatewayRoute[]) =>
    gatewayFronts(
      {
        classes: [{ metadata: { name: 'test' } }],
        gateways: [both],
        httpRoutes,
        grpcRoutes: [],
        grants: [],
      },
      { host: HOST, path: '/', port },
    ).map(({ by, rivals }) => [by?.object.name, rivals?.map(({ object }) => object.name)]);

  // https://gateway-api.sigs.k8s.io/guides/http-redirect-rewrite/
  it.each([80, 443, 30443])('is none of what leads from http to https, asked on port %s', (port) => {
    const old = of('redirect', 'http', redirect, '2026-01-01T00:00:00Z');
    const app = of('web', 'https', to('shop'), '2026-02-01T00:00:00Z');
    const found = rivalsOf(port, app, old);
    expect(found.map(([, rivals]) => rivals)).toEqual([undefined]);
    if (port !== 30443) expect(found[0]?.[0]).toBe(port === 443 ? 'web' : 'redirect');
  });

  it('is one of two of a listener', () => {
    const old = of('web', 'https', to('shop'), '2026-01-01T00:00:00Z');
    const young = of('copy', 'https', to('cart'), '2026-02-01T00:00:00Z');
    expect(rivalsOf(443, young, old)).toEqual([['web', ['copy']]]);
  });
});
