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

function routed(objects: Partial<GatewayObjects>, path = '/') {
  const all: GatewayObjects = {
    classes: [{ metadata: { name: 'test' } }],
    gateways: [gateway()],
    httpRoutes: [route()],
    grpcRoutes: [],
    grants: [],
    ...objects,
  };
  return gatewayFronts(all, HOST, path, 80).map(({ troubles, backends, by }) => ({
    troubles: troubles.map((one) => one.kind),
    why: troubles.flatMap((one) => ('why' in one ? one.why : [])),
    to: backends.map(({ namespace, name }) => `${namespace}/${name}`),
    by: by?.rule,
  }));
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
    expect(gatewayFronts(objects, HOST, '/', 80)[0]?.troubles).toEqual([]);
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
