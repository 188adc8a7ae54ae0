import { afterEach, describe, expect, it, vi } from 'vitest';
import { discard } from '../../../src/channels/output.ts';
import { execStream } from '../../../src/exec/stream.ts';
import { KubeClient } from '../../../src/kube/client.ts';
import { type ApiServer, startApiServer } from '../../servers/api-server.ts';
import { clientOf, flagsFor } from '../../servers/kube-client.ts';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});
async function start(): Promise<{ readonly server: ApiServer; readonly client: KubeClient }> {
  const server = await startApiServer({ lists: { '/x': [] } });
  const client = await clientOf(server);
  open.push(server, client);
  return { server, client };
}

describe('a server that asks to come again', () => {
  it.each([429, 503])('with %i and Retry-After is asked again, whatever the request is', async (status) => {
    const { server, client } = await start();
    const later = { status, retryAfter: '0' };
    server.meet(later, later, later);
    await client.get('/x');
    server.meet(later);
    await client.post('/x', {});
    expect(server.requests).toEqual(['GET /x', 'GET /x', 'GET /x', 'GET /x', 'POST /x', 'POST /x']);
  });

  it('for ever is told as what it says, after ten times more', async () => {
    const { server, client } = await start();
    server.meet(...Array.from({ length: 20 }, () => ({ status: 429, retryAfter: '0' })));
    await expect(client.get('/x')).rejects.toMatchObject({ name: 'ApiError', status: 429 });
    expect(server.requests).toHaveLength(11);
  });

  it.each([
    ['does not say when', { status: 429 }],
    ['does not say when (503)', { status: 503 }],
    ['says it in no number', { status: 429, retryAfter: 'Wed, 21 Oct 2026 07:28:00 GMT' }],
    ['wants more than anybody waits', { status: 503, retryAfter: '3600' }],
    ['is in trouble otherwise', { status: 500, retryAfter: '0' }],
    ['has a conflict', { status: 409 }],
    ['does not allow it', { status: 403 }],
  ])('and %s is not', async (_what, fault) => {
    const { server, client } = await start();
    server.meet(fault);
    await expect(client.get('/x')).rejects.toMatchObject({ status: fault.status });
    expect(server.requests).toHaveLength(1);
  });

  it('later than the request may take is not', async () => {
    const { server } = await start();
    const client = await KubeClient.connect({ ...flagsFor(server), requestTimeoutMs: 900 });
    open.push(client);
    server.meet({ status: 429, retryAfter: '1' });
    await expect(client.get('/x')).rejects.toMatchObject({ status: 429 });
    expect(server.requests).toHaveLength(1);
  });

  it('is not waited for after an abort', async () => {
    const { server, client } = await start();
    const abort = new AbortController();
    const reason = new Error('Ctrl-C');
    server.meet({ status: 429, retryAfter: '20' });
    const promise = client.get('/x', { signal: abort.signal });
    await vi.waitUntil(() => server.requests.length === 1);
    abort.abort(reason);
    await expect(promise).rejects.toBe(reason);
  });
});

describe('a kept connection that was closed meanwhile', () => {
  it('is replaced for a request that may be made twice', async () => {
    const { server, client } = await start();
    for (const again of [() => client.get('/x'), () => client.delete('/x')]) {
      await client.get('/x');
      server.meet('reset');
      await again();
    }
    expect(server.requests).toEqual(['GET /x', 'GET /x', 'GET /x', 'GET /x', 'DELETE /x', 'DELETE /x']);
  });

  it('is replaced together with all others that were idle as long', async () => {
    const { server, client } = await start();
    await Promise.all([client.get('/x'), client.get('/x'), client.get('/x')]);
    server.meet('reset');
    await client.get('/x');
    expect(new Set(server.seen.map(({ socket }) => socket)).size).toBe(4);
  });

  it('is told for a request that may have been done', async () => {
    const { server, client } = await start();
    await client.get('/x');
    server.meet('reset');
    await expect(client.post('/x', {})).rejects.toThrow('the connection was reset');
    expect(server.requests).toHaveLength(2);
  });

  it('is not waited for: what was idle for half a minute is not used again, for exec streams neither', async () => {
    const { server, client } = await start();
    const exec = { namespace: 'n', pod: 'p', container: 'c', command: ['true'], stdin: false, tty: false };
    const sockets = () => new Set(server.seen.map(({ socket }) => socket)).size;
    const clock = Date.now.bind(Date);
    let passed = 0;
    const now = vi.spyOn(Date, 'now').mockImplementation(() => clock() + passed);
    try {
      await client.get('/x');
      await client.post('/x', {});
      expect(sockets()).toBe(1);
      passed += 31_000;
      await client.post('/x', {});
      expect(sockets()).toBe(2);
      passed += 31_000;
      const sink = discard();
      await execStream(client.execEndpoint(exec), { stdout: sink, stderr: sink });
      expect(sockets()).toBe(3);
    } finally {
      now.mockRestore();
    }
  });

  it('is told from a new one that the server resets', async () => {
    const { server, client } = await start();
    server.meet('reset');
    await expect(client.get('/x')).rejects.toThrow('the connection was reset');
    await client.get('/x');
    server.meet('reset', 'reset');
    await expect(client.get('/x')).rejects.toThrow('the connection was reset');
    expect(server.requests).toHaveLength(4);
  });

  it('is not taken for an answer that ends early', async () => {
    const { server, client } = await start();
    await client.get('/x');
    server.meet('cut');
    await expect(client.get('/x')).rejects.toThrow('the connection was reset');
    expect(server.requests).toHaveLength(2);
  });
});
