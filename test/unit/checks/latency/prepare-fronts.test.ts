/** Who is before a server, as the API says. */
import { describe, expect, it } from 'vitest';
import { frontsOf } from '../../../../src/checks/latency/prepare-fronts.ts';
import { PATHS, service, serving, subjectOf } from '../../cluster/objects.ts';
import { destination } from './build.ts';

const INGRESSES = '/apis/networking.k8s.io/v1/namespaces/shop/ingresses';
const CLASSES = '/apis/networking.k8s.io/v1/ingressclasses';
const leadingTo = (name: string) => ({
  metadata: { namespace: 'shop', name: 'web' },
  spec: {
    rules: [
      {
        host: 'shop.example.com',
        http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name } } }] },
      },
    ],
  },
});
const SLICE = {
  metadata: { namespace: 'shop', name: 'db-1', labels: { 'kubernetes.io/service-name': 'db' } },
  addressType: 'IPv4',
  endpoints: [{ addresses: ['10.1.0.5'] }],
  ports: [{ port: 5432 }],
};

async function front(
  host: string,
  backend: string,
  services = [service(['10.96.0.5'])],
): Promise<string | undefined> {
  const { cluster } = await serving({
    [PATHS.services]: services,
    [PATHS.slices]: [SLICE],
    [CLASSES]: [],
    [INGRESSES]: [leadingTo(backend)],
  });
  return (await frontsOf(subjectOf(cluster), [destination({ host, url: `http://${host}/` })]))['to0'];
}

describe('who leads requests on to a server', () => {
  it.each(['db', 'db.shop', 'db.shop.svc.cluster.local', '10.96.0.5', '10.1.0.5'])(
    'is an Ingress whose backend is its Service: %s',
    async (host) => {
      expect(await front(host, 'db')).toBe('Ingress shop/web');
    },
  );

  it.each([
    ['db', 'other'],
    ['shop.example.com', 'db'],
  ])('is nobody of %s, where the backend is %s', async (host, backend) => {
    expect(await front(host, backend)).toBeUndefined();
  });

  it('is nobody of an address that is of no Service', async () => {
    expect(await front('10.1.0.6', 'db', [])).toBeUndefined();
  });
});
