import { describe, expect, it } from 'vitest';
import prepare from '../../../../src/checks/tls/prepare.ts';
import type { InputContext } from '../../../../src/cluster/context.ts';
import type { Destination } from '../../../../src/model/destination.ts';
import { destination } from '../results.ts';

/** What one DEST is asked by, from a pod of namespace shop. */
async function namesFor(asked: Partial<Destination>): Promise<readonly [string, readonly string[]]> {
  const context = {
    subject: { client: { namespace: 'shop' } },
    args: { options: { tls: { starttls: '' } }, thresholds: { tls: { expireDays: 14 } } },
    asked: [destination({ port: '443', ...asked })],
  } as unknown as InputContext;
  const [server] = (await prepare(context))?.servers ?? [];
  return [server?.sni ?? '', server?.names ?? []];
}

const service = (label: string, name: string, namespace: string): Partial<Destination> => ({
  label,
  service: { label, name, namespace, part: 'virtual' },
});

describe('the names that clients call a server by', () => {
  it('are those of its Service', async () => {
    expect(await namesFor(service('svc/db:443', 'db', 'shop'))).toEqual([
      'db.shop.svc',
      ['db.shop.svc', 'db.shop.svc.cluster.local', 'db.shop', 'db'],
    ]);
  });

  it('are those of the namespace that it is in, whichever the target is in', async () => {
    expect(await namesFor(service('svc/db.prod:443', 'db', 'prod'))).toEqual([
      'db.prod.svc',
      ['db.prod.svc', 'db.prod.svc.cluster.local', 'db.prod'],
    ]);
  });

  it('are those of the alias, and not of what it stands for', async () => {
    const alias = {
      host: 'pay.example.com',
      label: 'pay.example.com:443',
      alias: { name: 'pay', namespace: 'shop' },
    };
    expect(await namesFor(alias)).toEqual([
      'pay.shop.svc',
      ['pay.shop.svc', 'pay.shop.svc.cluster.local', 'pay.shop', 'pay'],
    ]);
  });

  it('are its own outside of the cluster', async () => {
    expect(await namesFor({ host: 'pay.example.com' })).toEqual(['pay.example.com', ['pay.example.com']]);
  });
});
