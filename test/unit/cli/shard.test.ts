import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { runShard } from '../../../src/cli/shard.ts';

let server: Server;
let said: string[];

beforeEach(() => {
  said = [];
  vi.stubEnv('JOB_COMPLETION_INDEX', '0');
});

afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** A shard of one, whose API server does this. */
async function shard(seconds: number, answer: RequestListener): Promise<number> {
  server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const place = [`--server=http://127.0.0.1:${port}`, '--namespace=shop', '--kubeconfig=/dev/null'];
  return runShard(['1', String(seconds), 'dns', 'web-0', ...place], (error) => {
    said.push((error as Error).message);
  });
}

it('whose time is over before it has anything says that, and is not done again', async () => {
  expect(await shard(1, () => undefined)).toBe(3);
  expect(said).toEqual(['the deadline of 1 s passed before anything was measured.']);
});

it('that lacks rights is not done again', async () => {
  const code = await shard(60, ({ method }, response) => {
    const denied = { kind: 'Status', status: 'Failure', reason: 'Forbidden', code: 403, message: 'no' };
    response.writeHead(method === 'GET' ? 403 : 201, { 'content-type': 'application/json' });
    response.end(JSON.stringify(method === 'GET' ? denied : { status: { allowed: false } }));
  });
  expect(said).toEqual([
    'you may not get and watch pods, patch pods/ephemeralcontainers, get and create pods/exec in namespace "shop"; nothing was changed.',
  ]);
  expect(code).toBe(77);
});

it('that met anything else is done again', async () => {
  const code = await shard(60, (_request, response) => {
    response.writeHead(500).end();
  });
  expect(code).toBe(70);
  expect(said).toHaveLength(1);
});
