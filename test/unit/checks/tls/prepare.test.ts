import { describe, expect, it } from 'vitest';
import prepare from '../../../../src/checks/tls/prepare.ts';
import { contextOf, service, serving, subjectOf } from '../../cluster/objects.ts';

/** The names that the server of a DEST is asked for. */
async function named(namespace: string, to: string): Promise<readonly string[] | undefined> {
  const { cluster } = await serving({
    [`/api/v1/namespaces/${namespace}/services`]: [service(['10.96.0.5'])],
    [`/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`]: [],
  });
  const input = await prepare(await contextOf(subjectOf(cluster), [to], { tls: { starttls: '' } }));
  const [server] = input?.servers ?? [];
  expect(server?.sni).toBe(server?.names[0]);
  return server?.names;
}

describe('the names of a TLS server', () => {
  it.each(['svc/db', 'svc/db:80', 'svc/db:sql', 'svc/db.shop'])(
    'of a Service are its own: %s',
    async (to) => {
      const names = ['db.shop.svc', 'db.shop.svc.cluster.local', 'db.shop', 'db'];
      expect(await named('shop', to)).toEqual(names);
    },
  );

  it.each(['svc/db.prod', 'svc/db.prod:80'])('of another namespace are of that namespace: %s', async (to) => {
    expect(await named('prod', to)).toEqual(['db.prod.svc', 'db.prod.svc.cluster.local', 'db.prod']);
  });

  it('of an alias are those of the alias, and not of what it stands for', async () => {
    const { cluster } = await serving({
      '/api/v1/namespaces/shop/services': [
        { metadata: { name: 'pay' }, spec: { type: 'ExternalName', externalName: 'pay.example.com' } },
      ],
      '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices': [],
    });
    const context = await contextOf(subjectOf(cluster), ['svc/pay:443'], { tls: { starttls: '' } });
    expect((await prepare(context))?.servers).toMatchObject([
      {
        destination: { host: 'pay.example.com' },
        names: ['pay.shop.svc', 'pay.shop.svc.cluster.local', 'pay.shop', 'pay'],
      },
    ]);
  });

  it('of a host are what the user called it', async () => {
    expect(await named('shop', 'example.com:443')).toEqual(['example.com']);
  });
});
