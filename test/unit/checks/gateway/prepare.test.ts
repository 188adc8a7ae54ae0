import { describe, expect, it } from 'vitest';
import prepare from '../../../../src/checks/gateway/prepare.ts';
import { behind, contextOf, PATHS, pod, service, serving, slice, subjectOf } from '../../cluster/objects.ts';

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
type Named = NonNullable<Parameters<typeof serving>[0][string]>[number];

function lists(...ingresses: readonly Made[]) {
  return {
    [INGRESSES]: ingresses,
    [OWN]: ingresses,
    [CLASSES]: [{ metadata: { name: 'nginx' } }],
    [PATHS.services]: [service(['10.96.0.5'])],
    [PATHS.slices]: [slice([behind('db-1', '10.0.0.1')])],
    [PATHS.pods]: [pod('db-1', ['10.0.0.1'])],
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

  it.each<[string, string, true | undefined]>([
    ['a host', URL, true],
    ['an address', 'http://192.0.2.9/', true],
    ['the address of a Service', 'http://10.96.0.5/', undefined],
    ['the address of a pod', 'http://10.0.0.1/', undefined],
    ['a Service', 'http://db/', undefined],
    ['a Service by its namespace', 'http://db.shop/', undefined],
    ['a Service by its long name', 'http://other.elsewhere.svc.cluster.local/', undefined],
  ])('says of %s whether what may not be read can lead it', async (_what, url, expected) => {
    const faults = { [INGRESSES]: { status: 403 }, [OWN]: { status: 403 } };
    const { input } = await prepared([lists(ingress()), faults], url);
    expect(input?.requests[0]?.mayBeLed).toBe(expected);
    expect(input === undefined).toBe(expected === undefined);
  });

  it('takes a Service of pods that are a way into the cluster for what a gateway may be', async () => {
    const faults = { [INGRESSES]: { status: 403 }, [OWN]: { status: 403 } };
    const balanced = service(['10.96.0.6'], { type: 'LoadBalancer' });
    const more = [service(['10.96.0.5']), { ...balanced, metadata: { namespace: 'shop', name: 'front' } }];
    const { input } = await prepared([{ ...lists(), [PATHS.services]: more }, faults], 'http://db/');
    expect(input?.requests[0]?.mayBeLed).toBe(true);
  });

  it('says nothing of it where all may be read', async () => {
    const { input } = await prepared([lists(ingress())]);
    expect(input?.requests[0]).not.toHaveProperty('mayBeLed');
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

describe('objects of other kinds', () => {
  const GROUPS = { groups: [{ name: 'traefik.io', preferredVersion: { version: 'v1alpha1' } }] };
  const ROUTES = '/apis/traefik.io/v1alpha1/ingressroutes';
  const of = (match: string) => ({ metadata: { name: 'x' }, spec: { routes: [{ kind: 'Rule', match }] } });
  const KIND = 'IngressRoute (traefik.io)';

  async function others(objects: readonly Named[], faults = {}, host = 'other.example.com') {
    const made = { ...ingress(), spec: { ...ingress().spec, rules: [{ ...rule('db', 80), host }] } };
    const { input, requests } = await prepared([
      { ...lists(made as Made), [ROUTES]: objects },
      { '/apis': { status: 200, body: GROUPS }, ...faults },
    ]);
    return {
      others: input?.requests[0]?.others ?? [],
      asked: requests.filter((one) => one.includes('traefik')),
    };
  }

  it.each<[string, readonly Named[], readonly string[]]>([
    ['the host', [of('Host(`shop.example.com`)')], [KIND]],
    ['a pattern', [of('HostRegexp(`^.+[.]example[.]com$`)')], [KIND]],
    ['no host', [of('PathPrefix(`/`)')], [KIND]],
    ['another host', [of('Host(`api.example.com`)')], []],
    ['nothing', [], []],
  ])('that name %s', async (_what, objects, expected) => {
    expect((await others(objects)).others).toEqual(expected);
  });

  it('are taken for there where they may not be read, and not asked for where a rule takes the request', async () => {
    expect((await others([], { [ROUTES]: { status: 403 } })).others).toEqual([KIND]);
    expect((await others([of('Host(`shop.example.com`)')], {}, 'shop.example.com')).asked).toEqual([]);
  });
});

it('ingress-nginx takes the port of the pods for that of the Service', async () => {
  const made = lists(ingress('db', 5432));
  const controlled = [{ metadata: { name: 'nginx' }, spec: { controller: 'k8s.io/ingress-nginx' } }];
  const numbered = [
    service(['10.96.0.5'], { ports: [{ name: 'sql', port: 80, protocol: 'TCP', targetPort: 5432 }] }),
  ];
  const objects = { ...made, [PATHS.services]: numbered };
  const troubles = async (classes: Named[]) =>
    (await prepared([{ ...objects, [CLASSES]: classes }])).input?.requests[0]?.fronts[0]?.troubles;
  expect(await troubles(controlled)).toEqual([]);
  expect(await troubles([{ metadata: { name: 'nginx' } }])).toMatchObject([
    { kind: 'no-backend', why: 'port' },
  ]);
});
