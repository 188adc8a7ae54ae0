import { describe, expect, it } from 'vitest';
import prepare from '../../../../src/checks/gateway/prepare.ts';
import { behind, contextOf, PATHS, service, serving, slice, subjectOf } from '../../cluster/objects.ts';

const INGRESSES = '/apis/networking.k8s.io/v1/ingresses';
const CLASSES = '/apis/networking.k8s.io/v1/ingressclasses';
const OWN = '/apis/networking.k8s.io/v1/namespaces/shop/ingresses';
const URL = 'http://shop.example.com/';

const rule = (name: string, port: number) => ({
  host: 'shop.example.com',
  http: {
    paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name, port: { number: port } } } }],
  },
});
const ingress = (name = 'db', port = 80, more: object = {}) => ({
  metadata: { namespace: 'shop', name: 'web' },
  spec: { ingressClassName: 'nginx', rules: [rule(name, port)], ...more },
});

type Made = ReturnType<typeof ingress>;

function lists(...ingresses: readonly Made[]) {
  return {
    [INGRESSES]: ingresses,
    [OWN]: ingresses,
    [CLASSES]: [{ metadata: { name: 'nginx' } }],
    [PATHS.services]: [service(['10.96.0.5'])],
    [PATHS.slices]: [slice([behind('db-1', '10.0.0.1')])],
  };
}

async function prepared(place: Parameters<typeof serving>, url = URL) {
  const { server, cluster } = await serving(...place);
  const input = await prepare(await contextOf(subjectOf(cluster), [url]));
  return { input, requests: server.requests };
}

describe('the input of the gateway check', () => {
  it('is who takes the request, and what that leads to', async () => {
    const { input } = await prepared([lists(ingress())]);
    expect(input?.requests[0]?.fronts).toMatchObject([
      { name: 'Ingresses of class nginx', namesHost: true, troubles: [], backend: { name: 'db', ready: 1 } },
    ]);
    expect(input?.denied).toEqual([]);
  });

  it.each<[string, Made, string]>([
    ['a Service that is not there', ingress('shop'), 'no-backend'],
    ['a port that it does not have', ingress('db', 8080), 'no-backend'],
  ])('knows %s', async (_what, object, kind) => {
    const { input } = await prepared([lists(object)]);
    expect(input?.requests[0]?.fronts[0]?.troubles).toMatchObject([{ kind }]);
  });

  it('is none where no DEST is a URL, and asks nothing then', async () => {
    const { input, requests } = await prepared([lists(ingress())], 'shop.example.com:80');
    expect([input, requests]).toEqual([undefined, []]);
  });

  it('is none where there is no Ingress and no route', async () => {
    expect((await prepared([lists()])).input).toBeUndefined();
  });

  it('is of the own namespace, and says so, where no more may be read', async () => {
    const faults = { [INGRESSES]: { status: 403 } };
    const { input } = await prepared([lists(ingress()), faults]);
    expect(input?.requests[0]?.fronts).toHaveLength(1);
    expect(input?.denied).toHaveLength(1);
  });

  it('takes a class for one that there is, where classes may not be read', async () => {
    const lost = ingress('db', 80, { ingressClassName: 'public' });
    const { input } = await prepared([lists(lost), { [CLASSES]: { status: 403 } }]);
    expect(input?.requests[0]?.fronts[0]?.troubles).toEqual([]);
    const known = await prepared([lists(lost)]);
    expect(known.input?.requests[0]?.fronts[0]?.troubles).toMatchObject([{ kind: 'no-controller' }]);
  });

  it('never asks what is in a Secret, and calls none missing that it may not read', async () => {
    const tls = [{ hosts: ['shop.example.com'], secretName: 'web-tls' }];
    const secret = '/api/v1/namespaces/shop/secrets/web-tls';
    const denied = await prepared(
      [lists(ingress('db', 80, { tls })), { [secret]: { status: 403 } }],
      'https://shop.example.com/',
    );
    expect(denied.input?.requests[0]?.fronts[0]?.troubles).toEqual([]);
    const gone = await prepared([lists(ingress('db', 80, { tls }))], 'https://shop.example.com/');
    expect(gone.input?.requests[0]?.fronts[0]?.troubles).toMatchObject([
      { kind: 'no-secret', secret: 'web-tls' },
    ]);
  });
});
