import { describe, expect, it } from 'vitest';
import { KubeView } from '../../../src/cluster/view.ts';
import { KubeClient } from '../../../src/kube/client.ts';
import { UnreachableError } from '../../../src/kube/errors.ts';
import type { Pod } from '../../../src/model/kube-objects.ts';
import { startApiServer } from '../../servers/api-server.ts';
import { clientOf, flagsFor } from '../../servers/kube-client.ts';
import { PATHS, pod, SHOP, service, serving, slice } from './objects.ts';

const POD = { [PATHS.pods]: [pod('a', ['10.0.0.1'])] };

describe('a view of a cluster', () => {
  it('asks once, however often and at what time it is asked', async () => {
    const { server, cluster } = await serving({ ...POD, [PATHS.services]: [service(['10.96.0.5'])] });
    await Promise.all([cluster.pod(SHOP, 'a'), cluster.pod(SHOP, 'a'), cluster.services(SHOP)]);
    await Promise.all([cluster.pod(SHOP, 'a'), cluster.services(SHOP)]);
    expect(server.requests).toEqual([`GET ${PATHS.pods}/a`, `GET ${PATHS.services}?limit=500`]);
  });

  it('tells different questions apart', async () => {
    const { server, cluster } = await serving(POD);
    await cluster.pods(SHOP, { app: 'db' });
    await cluster.pods(SHOP, { app: 'web' });
    await cluster.pods(SHOP);
    expect(server.requests).toHaveLength(3);
  });

  it('keeps of a log what is made of it, and no more than a part of it is looked at', async () => {
    const { server, cluster } = await serving(
      {},
      { [`${PATHS.pods}/a/log`]: { status: 200, body: { text: 'x'.repeat(20_000) } } },
    );
    const place = { namespace: SHOP, pod: 'a', container: 'app', isPrevious: true };
    const look = (text: string) => text.length;
    expect(await cluster.fromLog(place, look)).toEqual({ value: 16_384 });
    expect(await cluster.fromLog(place, look)).toEqual({ value: 16_384 });
    expect(server.requests).toEqual([
      `GET ${PATHS.pods}/a/log?container=app&previous=true&tailLines=50&limitBytes=16384`,
    ]);
    server.meet({ status: 403 });
    expect((await cluster.fromLog({ ...place, isPrevious: false }, look)).denied).toBe(
      `logs of pods in ${SHOP}`,
    );
  });

  it('asks few questions at once', async () => {
    const { server, cluster } = await serving({ '/api/v1/pods': [] });
    await Promise.all(Array.from({ length: 100 }, (_, i) => cluster.podsAt(`10.0.0.${i}`)));
    expect(server.requests).toHaveLength(100);
    // Each of those on their way has a connection of its own.
    expect(new Set(server.seen.map(({ socket }) => socket)).size).toBeLessThanOrEqual(8);
  });

  it('goes on where one of many questions fails', async () => {
    const { server, cluster } = await serving({ '/api/v1/pods': [] });
    server.meet(...Array.from({ length: 20 }, () => ({ status: 500 })));
    const all = await Promise.all(Array.from({ length: 40 }, (_, i) => cluster.podsAt(`10.0.0.${i}`)));
    expect(all.filter(({ failed }) => failed !== undefined)).toHaveLength(20);
  });

  it('does not ask for what was read before', async () => {
    const server = await startApiServer();
    const client = await clientOf(server);
    const known = pod('a', ['10.0.0.1']) as unknown as Pod;
    const cluster = new KubeView(client, new AbortController().signal, [known]);
    expect(await cluster.pod(SHOP, 'a')).toEqual({ value: known });
    expect(server.requests).toEqual([]);
    client.close();
    await server.close();
  });

  it('asks anew when it is made afresh, and then takes no silence for an answer', async () => {
    const { server, cluster } = await serving(POD);
    const { signal } = new AbortController();
    await cluster.pod(SHOP, 'a');
    expect((await cluster.afresh(signal).pod(SHOP, 'a')).value).toBeTruthy();
    expect(server.requests).toHaveLength(2);
    server.meet({ status: 403 });
    expect(await cluster.afresh(signal).pod(SHOP, 'a')).toMatchObject({ denied: expect.any(String) });
    server.meet('cut');
    expect(await cluster.pod(SHOP, 'b')).toMatchObject({ failed: expect.any(String) });
    server.meet('cut');
    await expect(cluster.afresh(signal).pod(SHOP, 'a')).rejects.toThrow(UnreachableError);
  });

  it('reads lists to their end', async () => {
    const many = Array.from({ length: 1001 }, (_, i) => ({ metadata: { name: `s${i}` } }));
    const { server, cluster } = await serving({ [PATHS.services]: many });
    expect((await cluster.services(SHOP)).value).toHaveLength(1001);
    expect(server.requests).toHaveLength(3);
  });

  it('says of the beginning of a list whether it is all', async () => {
    const { cluster } = await serving({
      '/api/v1/nodes': [{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }],
    });
    expect((await cluster.nodes(1)).value).toMatchObject({ items: [{}], isWhole: false });
    expect((await cluster.nodes(2)).value).toMatchObject({ items: [{}, {}], isWhole: true });
  });

  it('knows of an object that it does not exist', async () => {
    const { cluster } = await serving({});
    expect(await cluster.pod(SHOP, 'a')).toEqual({ value: null });
    expect(await cluster.service(SHOP, 'a')).toEqual({ value: null });
    expect(await cluster.namespaceObject('a')).toEqual({ value: null });
    expect(await cluster.node('a')).toEqual({ value: null });
  });

  it('does not take an API that does not exist for an empty list', async () => {
    const { cluster } = await serving({});
    expect(await cluster.networkPolicies(SHOP)).toMatchObject({ failed: 'the server said NotFound' });
  });

  it.each([
    ['pod shop/a', PATHS.pods, (c: KubeView) => c.pod(SHOP, 'a')],
    ['pods in shop', PATHS.pods, (c: KubeView) => c.pods(SHOP)],
    ['pods in shop', PATHS.pods, (c: KubeView) => c.podsOnNode('n', 9, SHOP)],
    ['pods of all namespaces', '/api/v1/pods', (c: KubeView) => c.podsOnNode('n', 9)],
    ['pods of all namespaces', '/api/v1/pods', (c: KubeView) => c.podsAt('10.0.0.1')],
    ['service shop/a', PATHS.services, (c: KubeView) => c.service(SHOP, 'a')],
    ['Services in shop', PATHS.services, (c: KubeView) => c.services(SHOP)],
    ['Services of all namespaces', '/api/v1/services', (c: KubeView) => c.allServices(9)],
    ['Services of all namespaces', '/api/v1/services', (c: KubeView) => c.servicesAt('10.96.0.5')],
    ['EndpointSlices in shop', PATHS.slices, (c: KubeView) => c.endpointSlices(SHOP, 'a')],
    [
      'EndpointSlices of all namespaces',
      '/apis/discovery.k8s.io/v1/endpointslices',
      (c: KubeView) => c.allEndpointSlices(9),
    ],
    ['NetworkPolicies in shop', PATHS.policies, (c: KubeView) => c.networkPolicies(SHOP)],
    ['the namespace a', PATHS.namespaces, (c: KubeView) => c.namespaceObject('a')],
    ['node a', '/api/v1/nodes', (c: KubeView) => c.node('a')],
    ['nodes', '/api/v1/nodes', (c: KubeView) => c.nodes(9)],
  ])('says that the user may not read %s, and when the server is in trouble', async (what, path, ask) => {
    const faultsOf = (status: number) => ({ [path]: { status }, [`${path}/a`]: { status } });
    const denied = await ask((await serving({}, faultsOf(403))).cluster);
    expect(denied).toMatchObject({ denied: what, error: { status: 403 } });
    const failed = await ask((await serving({}, faultsOf(500))).cluster);
    expect(failed).toMatchObject({ failed: 'the server said Fault500', error: { status: 500 } });
    for (const one of [denied, failed]) expect(one).not.toHaveProperty('value');
  });

  it.each(['reset', 'cut'] as const)('takes an answer that is %s for a failure', async (fault) => {
    const { cluster } = await serving({}, { [PATHS.slices]: fault });
    const read = await cluster.endpointSlices(SHOP, 'db');
    expect(read.failed).toMatch(/^cannot reach the API server at /);
    expect(read).not.toHaveProperty('value');
  });

  it('takes no answer in time for a failure', async () => {
    const server = await startApiServer({ faults: { [PATHS.slices]: 'stuck' } });
    const client = await KubeClient.connect({ ...flagsFor(server), requestTimeoutMs: 50 });
    const cluster = new KubeView(client, new AbortController().signal);
    expect((await cluster.endpointSlices(SHOP)).failed).toMatch(
      /^no answer from the API server .* within 0.05 s$/,
    );
    client.close();
    await server.close();
  });

  it('does not ask again what has failed: all checks see the same', async () => {
    const { server, cluster } = await serving({ [PATHS.slices]: [slice([])] });
    server.meet({ status: 500 });
    const first = await cluster.endpointSlices(SHOP);
    expect(await cluster.endpointSlices(SHOP)).toBe(first);
    expect(first.failed).toBe('the server said Fault500');
  });

  it('searches the whole cluster in the memory of the API server alone', async () => {
    const { server, cluster } = await serving({ '/api/v1/pods': [], '/api/v1/services': [], ...POD });
    await cluster.podsAt('8.8.8.8');
    await cluster.servicesAt('8.8.8.8');
    await cluster.podsOnNode('n', 9);
    await cluster.podsAt('8.8.8.8', SHOP);
    const [pods, services, onNode, own] = server.requests;
    for (const request of [pods, services, onNode])
      expect(request).toMatch(/[?&]limit=\d+&resourceVersion=0$/);
    // Of one namespace it is a short way, and the newest state is to be had.
    expect(own).not.toContain('resourceVersion');
  });
});
