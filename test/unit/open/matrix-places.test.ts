import { describe, expect, it } from 'vitest';
import type { KubeClient } from '../../../src/kube/client.ts';
import { ApiError } from '../../../src/kube/errors.ts';
import type { MatrixWord } from '../../../src/model/args.ts';
import { matrixPlaces, refuseMissingSide } from '../../../src/open/matrix-places.ts';

const never = new AbortController().signal;
const ZONES: Readonly<Record<string, string>> = { n1: 'b', n2: 'a' };

const pod = (
  name: string,
  parts: { node?: string; ips?: string[]; ports?: object[]; phase?: string } = {},
) => ({
  metadata: { name, namespace: 'shop' },
  spec: { nodeName: parts.node ?? 'n1', containers: [{ name: 'app', ports: parts.ports ?? [] }] },
  status: { phase: parts.phase ?? 'Running', podIPs: (parts.ips ?? ['10.0.0.1']).map((ip) => ({ ip })) },
});

function server(objects: Readonly<Record<string, unknown>>, mayReadNodes = true): KubeClient {
  return {
    namespace: 'shop',
    async get(path: string) {
      if (path === '/api/v1/nodes') {
        if (!mayReadNodes) throw new ApiError(403, 'Forbidden', 'no');
        return {
          items: Object.entries(ZONES).map(([name, zone]) => ({
            metadata: { name, labels: { 'topology.kubernetes.io/zone': zone } },
            status: {
              addresses: [
                { type: 'Hostname', address: name },
                { type: 'InternalIP', address: `192.0.2.${name.slice(1)}` },
                { type: 'InternalIP', address: `2001:db8::${name.slice(1)}` },
              ],
              daemonEndpoints: { kubeletEndpoint: { Port: 10251 } },
            },
          })),
        };
      }
      const found = objects[path];
      if (found === undefined) throw new ApiError(404, 'NotFound', `no ${path}`);
      return found;
    },
  } as unknown as KubeClient;
}

const SHOP = '/api/v1/namespaces/shop';
const PODS = '/api/v1/namespaces/shop/pods';
const places = (client: KubeClient, ...words: MatrixWord[]) =>
  matrixPlaces(client, words, { allNamespaces: false }, never);

describe('the places of a matrix', () => {
  it('are sorted by zone, node and name, each once; what has ended is none', async () => {
    const client = server({
      [PODS]: { items: [pod('c'), pod('b', { node: 'n2' }), pod('a'), pod('done', { phase: 'Succeeded' })] },
      [`${PODS}/a`]: pod('a'),
    });
    const found = await places(client, { kind: 'pods' }, { kind: 'nodes' }, { kind: 'name', name: 'a' });
    expect(found.map(({ target, zone }) => [target, zone])).toEqual([
      ['node/n2', 'a'],
      ['pod/b', 'a'],
      ['node/n1', 'b'],
      ['pod/a', 'b'],
      ['pod/c', 'b'],
    ]);
  });

  it('have one address of each family, and ports that answer', async () => {
    const ports = [
      { containerPort: 53, protocol: 'UDP' },
      { containerPort: 8080, protocol: 'TCP' },
    ];
    const client = server({
      [PODS]: { items: [pod('dns', { ips: ['10.0.0.1', 'fd00::1'], ports }), pod('new', { ips: [] })] },
    });
    const [dns, fresh] = await places(client, { kind: 'pods' });
    expect(dns).toMatchObject({
      addresses: [
        { family: 4, host: '10.0.0.1' },
        { family: 6, host: 'fd00::1' },
      ],
      tcpPort: '8080',
      udpPort: '53',
    });
    expect(fresh).toMatchObject({ addresses: [], tcpPort: '9', udpPort: '9' });
    const host = { ...pod('proxy'), spec: { nodeName: 'n1', hostNetwork: true, containers: [] } };
    const [proxy] = await places(server({ [PODS]: { items: [host] } }), { kind: 'pods' });
    expect(proxy?.udpPort).toBeUndefined();
    const [node] = await places(client, { kind: 'node', name: 'n1' });
    expect(node).toMatchObject({
      tcpPort: '10251',
      node: 'n1',
      addresses: [{ family: 4, host: '192.0.2.1' }, { family: 6 }],
    });
  });

  it('are without zones for who may not read nodes, and nodes are none', async () => {
    const client = server({ [PODS]: { items: [pod('a')] } }, false);
    expect((await places(client, { kind: 'pods' }))[0]?.zone).toBeUndefined();
    await expect(places(client, { kind: 'nodes' })).rejects.toThrow();
  });

  it('are Services with an address of their own', async () => {
    const service = (spec: object) => ({ metadata: { name: 'x', namespace: 'shop' }, spec });
    const at = (spec: object) => server({ '/api/v1/namespaces/shop/services/x': service(spec) });
    const word: MatrixWord = { kind: 'service', name: 'x' };
    const dns = { clusterIPs: ['10.96.0.10'], ports: [{ port: 53, protocol: 'UDP' }, { port: 53 }] };
    expect((await places(at(dns), word))[0]).toMatchObject({ isVirtual: true, tcpPort: '53', udpPort: '53' });
    await expect(places(at({ clusterIPs: ['None'], ports: [{ port: 80 }] }), word)).rejects.toThrow(
      'service "x" has no address of its own, so a matrix cannot connect to it: name its pods.',
    );
    await expect(places(server({ [SHOP]: {} }), word)).rejects.toThrow('no service "x" in namespace "shop".');
  });

  it('that are not there are told as such, among others that are', async () => {
    const client = server({ [SHOP]: {}, [`${PODS}/a`]: pod('a') });
    const side = await places(client, { kind: 'name', name: 'gone' }, { kind: 'name', name: 'a' });
    const gone = side.find(({ name }) => name === 'gone');
    expect(gone).toMatchObject({ addresses: [], missing: 'there is no pod "gone" in namespace "shop"' });
    expect(() => refuseMissingSide(side)).not.toThrow();
  });

  it('are refused as a side where none of them is there', async () => {
    const side = await places(server({ [SHOP]: {} }), { kind: 'name', name: 'gone' });
    expect(() => refuseMissingSide(side)).toThrow(
      expect.objectContaining({ message: 'no pod "gone" in namespace "shop".', exitCode: 3 }),
    );
    expect(() => refuseMissingSide([])).not.toThrow();
  });

  it('are none in a namespace that is not there', async () => {
    const refusal = expect.objectContaining({ message: 'there is no namespace "shop".', exitCode: 3 });
    await expect(places(server({}), { kind: 'name', name: 'a' })).rejects.toThrow(refusal);
    await expect(places(server({}), { kind: 'selector', selector: 'app=web' })).rejects.toThrow();
    await expect(places(server({}), { kind: 'service', name: 'x' })).rejects.toThrow(refusal);
    const other = places(server({ [SHOP]: {} }), { kind: 'service', name: 'x', namespace: 'prod' });
    await expect(other).rejects.toThrow('there is no namespace "prod".');
  });
});
