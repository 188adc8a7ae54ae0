import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DockerClient } from '../../../src/docker/client.ts';
import { DockerApiError, DockerUnreachableError, unreachable } from '../../../src/docker/errors.ts';

let folder: string;
let server: Server | undefined;
let urls: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'docker-client-'));
  urls = [];
});
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  rmSync(folder, { recursive: true });
});

/** A daemon that answers pings as the API's version says, and all else by `answer`. */
async function daemon(version: string, answer: RequestListener): Promise<void> {
  server = createServer((request, response) => {
    urls.push(request.url ?? '');
    if (request.url === '/_ping')
      response.writeHead(200, { 'Api-Version': version, Ostype: 'linux' }).end('OK');
    else answer(request, response);
  }).listen(join(folder, 'sock'));
  await once(server, 'listening');
}

const connect = (env: Record<string, string> = {}): Promise<DockerClient> =>
  DockerClient.connect({
    env: { DOCKER_HOST: `unix://${join(folder, 'sock')}`, ...env },
    homeDir: folder,
    platform: 'linux',
  });

const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.fail('no error'),
    (error: unknown) => error,
  );

describe('the version of the API', () => {
  it.each([
    ['1.41', {}, '/v1.41/x'],
    ['1.9', {}, '/v1.9/x'],
    ['1.99', {}, '/v1.47/x'],
    ['1.47', { DOCKER_API_VERSION: '1.30' }, '/v1.30/x'],
  ])("is the daemon's %s, ours, or what the user pinned (%o)", async (version, env, url) => {
    await daemon(version, (_request, response) => response.end('{}'));
    const client = await connect(env);
    await client.get('/x');
    client.close();
    expect(urls).toEqual(['/_ping', url]);
  });
});

describe('an answer', () => {
  const ask = async (answer: RequestListener): Promise<unknown> => {
    await daemon('1.41', answer);
    const client = await connect();
    try {
      return await errorOf(client.get('/x'));
    } finally {
      client.close();
    }
  };

  it("that is an error has the daemon's own sentence", async () => {
    const error = await ask((_request, response) =>
      response.writeHead(409).end('{"message":"it is not running"}'),
    );
    expect(error).toBeInstanceOf(DockerApiError);
    expect(error).toMatchObject({ status: 409, message: 'it is not running' });
  });

  it('that is no JSON tells that this is no Docker daemon', async () => {
    expect(await ask((_request, response) => response.end('<html>'))).toMatchObject({
      message: expect.stringMatching(/is not a Docker daemon/),
    });
  });

  it.each([200, 404])('%i that does not come to its end is given up', async (status) => {
    // The client's own word that the head is there: what is late from then on is the body.
    const headSeen = new Promise((resolve) => {
      const onResponse = (message: unknown): void => {
        const { request } = message as { readonly request: { readonly path: string } };
        if (!request.path.endsWith('/x')) return;
        unsubscribe('http.client.response.finish', onResponse);
        resolve(undefined);
      };
      subscribe('http.client.response.finish', onResponse);
    });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const error = ask((_request, response) => {
        response.writeHead(status, { 'Content-Length': '100' }).write('{');
      });
      await headSeen;
      await turn();
      vi.advanceTimersByTime(30_000);
      expect(await error).toMatchObject({
        name: 'DockerUnreachableError',
        message: expect.stringMatching(/^no answer from the Docker daemon at \S+ within 30 s\.$/),
      });
    } finally {
      vi.useRealTimers();
    }
  });

  it('that breaks off is told', async () => {
    expect(await ask((request) => request.destroy())).toBeInstanceOf(DockerUnreachableError);
  });
});

describe('a takeover of the connection', () => {
  it('that is refused has the reason of the daemon', async () => {
    await daemon('1.41', (_request, response) => response.writeHead(500).end('{"message":"no such exec"}'));
    const client = await connect();
    const error = await errorOf(client.hijack('/exec/x/start', {}));
    client.close();
    expect(error).toMatchObject({ status: 500, message: 'no such exec' });
  });

  it('gives what came along with the answer', async () => {
    await daemon('1.41', () => expect.fail('no plain request'));
    server?.on('upgrade', (request, socket) => {
      socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nearly');
      request.resume();
    });
    const client = await connect();
    const { socket, head } = await client.hijack('/exec/x/start', {});
    socket.destroy();
    client.close();
    expect(head.toString()).toBe('early');
  });
});

describe('no daemon', () => {
  it('is a missing socket that somebody named', async () => {
    const error = await errorOf(connect());
    expect(error).toMatchObject({
      message: `cannot reach the Docker daemon at unix://${folder}/sock: the socket does not exist.`,
      hint: 'Its address comes from DOCKER_HOST; is the daemon running?',
    });
  });

  it.each([
    ['EACCES', /^permission denied on the Docker daemon's socket \/s\.$/],
    ['ECONNREFUSED', /nothing listens/],
  ])('may be %s', (code, says) => {
    const host = { kind: 'socket', path: '/s', name: 'unix:///s', source: 'x', isChosen: true } as const;
    const error = unreachable(host, Object.assign(new Error(code), { code }));
    expect(error.message).toMatch(says);
    expect(error.hint).toMatch(/\.$/);
  });
});
