import { afterEach, describe, expect, it } from 'vitest';
import type { KubeClient } from '../../../src/kube/client.ts';
import { listAll, listSome, type Named } from '../../../src/kube/list.ts';
import { type ApiServer, startApiServer } from '../../servers/api-server.ts';
import { clientOf } from '../../servers/kube-client.ts';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

const PATH = '/api/v1/pods';
const numbered = (count: number, more: object = {}) =>
  Array.from({ length: count }, (_, i) => ({ metadata: { name: `p${i}` }, ...more }));

async function serving(
  objects: readonly { readonly metadata: { readonly name: string } }[],
): Promise<{ readonly server: ApiServer; readonly client: KubeClient }> {
  const server = await startApiServer({ lists: { [PATH]: objects } });
  const client = await clientOf(server);
  open.push(server, client);
  return { server, client };
}

const names = (items: readonly Named[]): string[] => items.flatMap(({ metadata }) => metadata?.name ?? []);

describe('listAll', () => {
  it.each([0, 1, 499, 500, 501, 1600])('reads %i objects in pages of 500', async (count) => {
    const { server, client } = await serving(numbered(count));
    const query = { labelSelector: 'a=b' };
    expect(names(await listAll(client, PATH, { query }))).toEqual(names(numbered(count)));
    expect(server.requests).toHaveLength(Math.max(1, Math.ceil(count / 500)));
    for (const request of server.requests) {
      expect(request).toMatch(/^GET \/api\/v1\/pods\?labelSelector=a%3Db&limit=500(&continue=\d+-\d+)?$/);
    }
  });

  it('keeps of each page what it is told to', async () => {
    const { client } = await serving(numbered(1001));
    const lengths = await listAll<Named, number>(client, PATH, {}, (items) => [items.length]);
    expect(lengths).toEqual([500, 500, 1]);
  });

  it('asks for names and labels alone where they are enough', async () => {
    const { server, client } = await serving(numbered(2, { spec: { nodeName: 'n' } }));
    expect(await listAll(client, PATH, { metadataOnly: true })).toEqual(numbered(2));
    expect(server.seen[0]?.headers.accept).toBe(
      'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json',
    );
  });

  it('begins again when the server has forgotten where it was, and has nothing twice', async () => {
    const { server, client } = await serving(numbered(1200));
    let pages = 0;
    const found = await listAll<Named>(client, PATH, {}, (items) => {
      if (++pages === 2) server.compact();
      return items;
    });
    expect(names(found)).toEqual(names(numbered(1200)));
    expect(server.requests).toHaveLength(6);
  });

  it('does not begin again and again', async () => {
    const { server, client } = await serving(numbered(1200));
    const promise = listAll<Named>(client, PATH, {}, (items) => {
      server.compact();
      return items;
    });
    await expect(promise).rejects.toMatchObject({ status: 410 });
    expect(server.requests).toHaveLength(4);
  });

  it('does not begin again where it had not begun', async () => {
    const { server, client } = await serving([]);
    server.meet({ status: 410, reason: 'Expired' });
    await expect(listAll(client, PATH)).rejects.toMatchObject({ status: 410 });
    expect(server.requests).toHaveLength(1);
  });

  it('takes smaller pages where one is too large for an answer', async () => {
    const { server, client } = await serving(numbered(18, { data: 'x'.repeat(5 * 1024 * 1024) }));
    expect(await listAll<Named, string>(client, PATH, {}, names)).toEqual(names(numbered(18)));
    expect(server.requests.map((url) => /limit=(\d+)/.exec(url)?.[1])).toEqual(['500', '63', '8', '8', '8']);
  });

  it('fails where one page fails', async () => {
    const { server, client } = await serving(numbered(600));
    const promise = listAll<Named>(client, PATH, {}, (items) => {
      server.meet({ status: 500 });
      return items;
    });
    await expect(promise).rejects.toMatchObject({ status: 500 });
  });
});

describe('listSome', () => {
  it.each([
    [3, 2, false],
    [2, 2, true],
    [1, 2, true],
  ])('of %i objects gives %i at most and says whether these are all: %s', async (count, most, isWhole) => {
    const { client } = await serving(numbered(count));
    const found = await listSome<Named>(client, PATH, most);
    expect(found).toEqual({ items: numbered(Math.min(count, most)), isWhole });
  });

  it('may be answered from memory, where more may come than was asked for', async () => {
    const { server, client } = await serving(numbered(1));
    server.meet({ status: 200, body: { items: numbered(5) } });
    expect(await listSome<Named>(client, PATH, 2, { stale: true })).toEqual({
      items: numbered(2),
      isWhole: false,
    });
    expect(server.requests).toEqual([`GET ${PATH}?limit=2&resourceVersion=0`]);
  });
});
