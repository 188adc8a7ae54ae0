/** By what it is known that clients speak HTTP/2 to a server. */
import { describe, expect, it } from 'vitest';
import { http2Reasons, plainHttp2Reasons } from '../../../../src/checks/shared/prepare-protocols.ts';
import { PATHS, pod, serving, subjectOf } from '../../cluster/objects.ts';
import { destination } from '../results.ts';

const INGRESSES = '/apis/networking.k8s.io/v1/ingresses';
const CLASSES = '/apis/networking.k8s.io/v1/ingressclasses';
const GATEWAY = '/apis/gateway.networking.k8s.io/v1';
const BETA = '/apis/gateway.networking.k8s.io/v1beta1';
const GROUPS = {
  kind: 'APIGroupList',
  groups: [
    {
      name: 'gateway.networking.k8s.io',
      preferredVersion: { groupVersion: 'gateway.networking.k8s.io/v1', version: 'v1' },
      versions: [{ groupVersion: 'gateway.networking.k8s.io/v1', version: 'v1' }],
    },
  ],
};

type Asked = Partial<ReturnType<typeof destination>>;

async function reason(
  asked: Asked,
  lists: Parameters<typeof serving>[0] = {},
  faults: Parameters<typeof serving>[1] = {},
): Promise<string | undefined> {
  const { cluster } = await serving(lists, faults);
  return (await http2Reasons(subjectOf(cluster), [destination(asked)]))['to0'];
}

const ref = { kind: 'service', namespace: 'shop', name: 'api' } as const;
const portOf = (port: object) => ({
  [PATHS.services]: [
    { metadata: { namespace: 'shop', name: 'api' }, spec: { ports: [{ port: 443, ...port }] } },
  ],
});

describe('that clients speak HTTP/2 to a server', () => {
  it('is said by DEST, without a cluster too', async () => {
    expect(await http2Reasons({ isHost: false, addresses: [] }, [destination({ grpc: 'tls' })])).toEqual({
      to0: 'DEST begins with grpcs://',
    });
  });

  it.each([
    [{ name: 'grpc-api' }, 'port 443 of Service shop/api is called grpc-api'],
    [{ name: 'x', appProtocol: 'grpcs' }, 'port 443 of Service shop/api has the appProtocol grpcs'],
    [{ name: 'https' }, undefined],
    // The more exact of the two.
    [{ name: 'grpc', appProtocol: 'https' }, undefined],
    [{}, undefined],
  ])('is said by the port of a Service: %j', async (port, said) => {
    expect(await reason({ ref }, portOf(port))).toBe(said);
  });

  it('is not said by the name of a second port of HTTP', async () => {
    const lists = (other: string) => ({
      [PATHS.services]: [
        {
          metadata: { namespace: 'shop', name: 'api' },
          spec: {
            ports: [
              { port: 443, name: 'http2' },
              { port: 80, name: other },
            ],
          },
        },
      ],
    });
    expect(await reason({ ref: { ...ref, port: '443' } }, lists('http'))).toBeUndefined();
    expect(await reason({ ref: { ...ref, port: '443' } }, lists('https'))).toBe(
      'port 443 of Service shop/api is called http2',
    );
  });

  it.each([
    ['grpc', 'port 443 of pod shop/api is called grpc'],
    ['https', undefined],
  ])('is said by the port of a pod: %s', async (name, said) => {
    const containers = [{ name: 'app', ports: [{ name, containerPort: 443 }] }];
    const lists = { [PATHS.pods]: [pod('api', ['10.1.0.5'], { containers })] };
    expect(await reason({ ref: { ...ref, kind: 'pod' } }, lists)).toBe(said);
  });

  const URL_ASKED = { url: 'https://api.example.com/', host: 'api.example.com' };
  const ingress = (host: string, protocol?: string) => ({
    metadata: {
      namespace: 'shop',
      name: 'web',
      ...(protocol === undefined
        ? {}
        : { annotations: { 'nginx.ingress.kubernetes.io/backend-protocol': protocol } }),
    },
    spec: { rules: [{ host }] },
  });

  it.each([
    [
      ingress('api.example.com', 'GRPC'),
      'Ingress shop/web leads calls of this host on, with a backend-protocol of gRPC',
    ],
    [
      ingress('*.example.com', 'GRPCS'),
      'Ingress shop/web leads calls of this host on, with a backend-protocol of gRPC',
    ],
    [ingress('api.example.com', 'HTTPS'), undefined],
    [ingress('api.example.com'), undefined],
    [ingress('other.example.com', 'GRPC'), undefined],
  ])('is said by an Ingress of the host: %j', async (one, said) => {
    expect(await reason(URL_ASKED, { [INGRESSES]: [one], [CLASSES]: [] })).toBe(said);
  });

  it.each([
    [['api.example.com'], 'GRPCRoute shop/calls leads calls of this host on'],
    [['*.example.com'], 'GRPCRoute shop/calls leads calls of this host on'],
    [['other.example.com'], undefined],
    // It takes any host that its listener has.
    [[], undefined],
  ])('is said by a GRPCRoute of the host: %j', async (hostnames, said) => {
    const lists = {
      [CLASSES]: [],
      [INGRESSES]: [],
      [`${GATEWAY}/gatewayclasses`]: [],
      [`${GATEWAY}/gateways`]: [],
      [`${GATEWAY}/httproutes`]: [],
      [`${GATEWAY}/grpcroutes`]: [{ metadata: { namespace: 'shop', name: 'calls' }, spec: { hostnames } }],
      [`${BETA}/referencegrants`]: [],
    };
    expect(await reason(URL_ASKED, lists, { '/apis': { status: 200, body: GROUPS } })).toBe(said);
  });

  it('is not known where nothing may be read', async () => {
    const faults = { [INGRESSES]: { status: 403 }, '/apis': { status: 403 } };
    expect(await reason(URL_ASKED, { [CLASSES]: [] }, faults)).toBeUndefined();
  });
});

describe('that clients speak HTTP/2 without TLS', () => {
  const reasons = async (asked: Asked, port: object = {}) => {
    const { cluster } = await serving(portOf(port));
    return (await plainHttp2Reasons(subjectOf(cluster), [destination(asked)]))['to0'];
  };

  it('is said by DEST and by the port of a Service', async () => {
    expect(await reasons({ grpc: 'plain' })).toBe('DEST begins with grpc://');
    expect(await reasons({ ref }, { name: 'grpc' })).toBe('port 443 of Service shop/api is called grpc');
  });

  it.each([
    [{ grpc: 'tls' as const }, {}],
    [{ ref }, { name: 'grpcs' }],
    [{ ref }, { name: 'http' }],
    [{ url: 'http://api.shop.svc/' }, { name: 'grpc' }],
  ])('is not said by %j, %j', async (asked, port) => {
    expect(await reasons(asked, port)).toBeUndefined();
  });
});
