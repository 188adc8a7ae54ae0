import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { KubeClient } from '../../../src/kube/client.ts';
import { ApiError, UnreachableError } from '../../../src/kube/errors.ts';
import { beginConnecting } from '../../../src/kube/transport.ts';
import type { ConnectionFlags } from '../../../src/model/args.ts';
import { UserError } from '../../../src/model/errors.ts';
import { type Certificate, makeCertificate } from '../../servers/certificates.ts';
import { type ConnectProxy, type ProxyBehaviour, startConnectProxy } from '../../servers/connect-proxy.ts';
import { closedPort, listen } from '../../servers/fault-server.ts';

/** Ends a wait for what does not come; the default second is short on a busy machine. */
const WAIT = { timeout: 15_000 } as const;

let folder: string;
const clients: KubeClient[] = [];
const servers: Server[] = [];
const proxies: ConnectProxy[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kube-client-'));
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
  await Promise.all(
    servers.splice(0).map((server) => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    }),
  );
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Starts a server that answers with `listener`; returns its URL. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  return `http://127.0.0.1:${await listen(server)}`;
}

async function serveTls(certificate: Certificate, listener: RequestListener): Promise<string> {
  const server = createTlsServer(
    { cert: certificate.cert, key: certificate.key, requestCert: true, rejectUnauthorized: false },
    listener,
  );
  servers.push(server);
  return `https://127.0.0.1:${await listen(server)}`;
}

async function proxy(behaviour?: ProxyBehaviour): Promise<ConnectProxy> {
  const started = await startConnectProxy(behaviour);
  proxies.push(started);
  return started;
}

interface Config {
  readonly cluster?: object;
  readonly user?: object;
}

/** A client of one cluster and one user, by a kubeconfig of its own. */
async function connect(
  server: string,
  { cluster = {}, user = {} }: Config = {},
  flags: Partial<ConnectionFlags> = {},
): Promise<KubeClient> {
  const kubeconfig = join(folder, 'config');
  const config = {
    'current-context': 'x',
    clusters: [{ name: 'c', cluster: { server, ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  const client = await KubeClient.connect({ kubeconfig, ...flags });
  clients.push(client);
  return client;
}

const json: RequestListener = (_request, response) => response.end('{"ok":true}');

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => expect.fail(`resolved to ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
}

/** As `connect`, but for what is begun before. */
async function connectLater(server: string, config: Config = {}) {
  const client = await connect(server, config);
  const kubeconfig = join(folder, 'config');
  const flags = { kubeconfig };
  return { client, flags, kubeconfig };
}

describe('a connection that is begun before the command is there', () => {
  async function counted(): Promise<{ readonly url: string; readonly opened: () => number }> {
    let count = 0;
    const url = await serveTls(makeCertificate(folder, 'early', ['IP:127.0.0.1']), json);
    servers.at(-1)?.on('connection', () => count++);
    return { url, opened: () => count };
  }
  const insecure = { cluster: { 'insecure-skip-tls-verify': true } };

  it('is the one of whoever connects with the same flags, and of nobody else', async () => {
    const { url, opened } = await counted();
    const { flags } = await connectLater(url, insecure);
    await beginConnecting(flags);
    await vi.waitUntil(() => opened() === 1, WAIT);
    const client = await KubeClient.connect(flags);
    clients.push(client);
    expect(await client.get('/a')).toEqual({ ok: true });
    expect(opened()).toBe(1);
    const second = await KubeClient.connect(flags);
    clients.push(second);
    expect(await second.get('/a')).toEqual({ ok: true });
    expect(opened()).toBe(2);
  });

  it('takes the kubeconfig as it was read then', async () => {
    const { url } = await counted();
    const { flags, kubeconfig } = await connectLater(url, insecure);
    await beginConnecting(flags);
    writeFileSync(kubeconfig, '{}');
    const client = await KubeClient.connect(flags);
    clients.push(client);
    expect(client.server.href).toBe(`${url}/`);
  });

  it('tells who connects what is wrong with the kubeconfig', async () => {
    const flags = { kubeconfig: join(folder, 'none') };
    await beginConnecting(flags);
    expect(String(await errorOf(KubeClient.connect(flags)))).toMatch(/does not exist/);
  });

  it('runs no credential plugin, and speaks to no proxy', async () => {
    const { url, opened } = await counted();
    const mark = join(folder, 'ran');
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'touch', args: [mark] };
    for (const config of [
      { ...insecure, user: { exec } },
      { cluster: { ...insecure.cluster, 'proxy-url': 'http://127.0.0.1:1' }, user: {} },
    ]) {
      const kubeconfig = join(folder, 'unusual');
      writeFileSync(
        kubeconfig,
        JSON.stringify({
          'current-context': 'x',
          clusters: [{ name: 'c', cluster: { server: url, ...config.cluster } }],
          users: [{ name: 'u', user: config.user }],
          contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
        }),
      );
      await beginConnecting({ kubeconfig });
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(existsSync(mark)).toBe(false);
    expect(opened()).toBe(0);
  });
});

/** The sentence of an {@link UnreachableError}. */
async function unreachable(promise: Promise<unknown>): Promise<string> {
  const error = await errorOf(promise);
  expect(error).toBeInstanceOf(UnreachableError);
  const { message } = error instanceof Error ? error : { message: '' };
  expect(message).toMatch(/^[^\n]+\.$/);
  return message;
}

describe('requests', () => {
  it('go to the path below the server, with query and headers', async () => {
    const seen: IncomingMessage[] = [];
    const url = await serve((request, response) => {
      seen.push(request);
      json(request, response);
    });
    const client = await connect(
      `${url}/k8s/clusters/c-1/`,
      { user: { token: 't' } },
      { as: 'alice', asGroup: ['g1', 'g2'] },
    );
    const query = { labelSelector: 'a in (b,c)', limit: '1' };
    expect(await client.get('/api/v1/pods', { query })).toEqual({ ok: true });
    const [request] = seen;
    expect(request?.url).toBe('/k8s/clusters/c-1/api/v1/pods?labelSelector=a+in+%28b%2Cc%29&limit=1');
    expect(request?.headers).toMatchObject({
      authorization: 'Bearer t',
      accept: 'application/json',
      'user-agent': 'kubectl-nettools',
      'impersonate-user': 'alice',
    });
    expect(request?.headersDistinct['impersonate-group']).toEqual(['g1', 'g2']);
  });

  it('carry a body of its kind, whatever its characters', async () => {
    const bodies: string[] = [];
    const url = await serve(async (request, response) => {
      const chunks = await request.toArray();
      bodies.push(`${request.method} ${request.headers['content-type']} ${Buffer.concat(chunks)}`);
      json(request, response);
    });
    const client = await connect(url);
    await client.post('/x', { name: 'käse' });
    await client.patch('/x', { a: 1 });
    expect(bodies).toEqual([
      'POST application/json {"name":"käse"}',
      'PATCH application/strategic-merge-patch+json {"a":1}',
    ]);
  });

  it('share one connection', async () => {
    const ports = new Set<number | undefined>();
    const url = await serve((request, response) => {
      ports.add(request.socket.remotePort);
      json(request, response);
    });
    const client = await connect(url);
    for (let i = 0; i < 3; i++) await client.get('/x');
    expect(ports.size).toBe(1);
  });

  it('use name and password where the kubeconfig has them', async () => {
    const seen: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      seen.push(request.headers.authorization);
      json(request, response);
    });
    await (await connect(url, { user: { username: 'me', password: 'p:w' } })).get('/x');
    expect(seen).toEqual([`Basic ${Buffer.from('me:p:w').toString('base64')}`]);
  });
});

describe('an error answer', () => {
  const answering = async (status: number, body: string): Promise<[string, unknown]> => {
    const url = await serve((_request, response) => response.writeHead(status).end(body));
    return [url, await errorOf((await connect(url)).get('/x'))];
  };

  it("comes with the server's reason and words", async () => {
    const message = 'pods "x" is forbidden: User "u" cannot get resource "pods"';
    const [, error] = await answering(403, JSON.stringify({ kind: 'Status', reason: 'Forbidden', message }));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 403, reason: 'Forbidden', message });
  });

  it('401 is told in our words, since the server has none', async () => {
    const [url, error] = await answering(401, '{"message":"Unauthorized","reason":"Unauthorized"}');
    expect(error).toMatchObject({
      status: 401,
      message: `the API server at ${url} does not accept these credentials (401).`,
    });
  });

  it.each(['<html>Bad gateway</html>', '', 'null', '{"message":7}'])(
    'without words is told by its status: %j',
    async (body) => {
      const [url, error] = await answering(502, body);
      expect(error).toMatchObject({ name: 'ApiError', status: 502, message: `HTTP 502 from ${url}` });
    },
  );

  it('that is no JSON though it claims success is one', async () => {
    const [url, error] = await answering(200, '<html>log in here</html>');
    expect(error).toMatchObject({
      name: 'ApiError',
      message: `${url} answered with something that is not JSON.`,
    });
  });
});

describe('an answer that does not come', () => {
  const LIMIT = { requestTimeoutMs: 150 } as const;

  it.each<[string, RequestListener]>([
    ['at all', () => undefined],
    [
      'to its end',
      (_request, response) => {
        response.writeHead(200, { 'Content-Length': '100' }).write('{"items":[');
      },
    ],
    [
      'to its end, and is an error besides',
      (_request, response) => {
        response.writeHead(403, { 'Content-Length': '100' }).write('{');
      },
    ],
  ])('%s is given up after --request-timeout', async (_what, listener) => {
    const url = await serve(listener);
    const client = await connect(url, {}, LIMIT);
    expect(await unreachable(client.get('/x'))).toBe(
      `no answer from the API server at ${url} within 0.15 s.`,
    );
  });

  it('in time is waited for with --request-timeout=0, and with one that no timer can hold', async () => {
    const url = await serve((request, response) => setTimeout(() => json(request, response), 100));
    for (const requestTimeoutMs of [0, 1e12]) {
      expect(await (await connect(url, {}, { requestTimeoutMs })).get('/x')).toEqual({ ok: true });
    }
  });

  it('whole, since the connection broke, is told with the server', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'Content-Length': '100' });
      response.write('{"items":[', () => response.destroy());
    });
    expect(await unreachable((await connect(url)).get('/x'))).toBe(
      `cannot reach the API server at ${url}: the connection was reset.`,
    );
  });

  it.each<[string, RequestListener]>([
    ['head', () => undefined],
    [
      'body',
      (_request, response) => {
        response.writeHead(200).write('{');
      },
    ],
  ])('because of an abort while waiting for the %s ends with the reason', async (_what, listener) => {
    const abort = new AbortController();
    const reason = new Error('Ctrl-C');
    let asked = false;
    const url = await serve((request, response) => {
      listener(request, response);
      asked = true;
    });
    const promise = errorOf((await connect(url)).get('/x', { signal: abort.signal }));
    await vi.waitUntil(() => asked, WAIT);
    abort.abort(reason);
    expect(await promise).toBe(reason);
  });

  it('from a port where nobody listens is told as such', async () => {
    const url = `http://127.0.0.1:${await closedPort()}`;
    expect(await unreachable((await connect(url)).get('/x'))).toBe(
      `cannot reach the API server at ${url}: the connection was refused.`,
    );
  });

  it('from a name that does not exist is told as such', async () => {
    // RFC 6761: "invalid" never resolves.
    const message = await unreachable((await connect('http://api.invalid')).get('/x'));
    expect(message).toMatch(/^cannot reach the API server at http:\/\/api\.invalid: its name .*resolve/);
  });
});

describe('watch', () => {
  const event = (name: string): object => ({ type: 'MODIFIED', object: { metadata: { name } } });

  async function watching(listener: RequestListener, signal?: AbortSignal) {
    return (await connect(await serve(listener))).watch<object>(
      '/api/v1/pods',
      { resourceVersion: '7' },
      signal,
    );
  }

  it('gives each event, however its bytes are cut', async () => {
    let url: string | undefined;
    const watch = await watching(async (request, response) => {
      url = request.url;
      const bytes = Buffer.from(`${JSON.stringify(event('käse'))}\n\n${JSON.stringify(event('b'))}\n`);
      for (const byte of bytes) {
        await new Promise<void>((resolve) => response.write(Uint8Array.of(byte), () => resolve()));
      }
      response.end();
    });
    const seen: unknown[] = [];
    for await (const one of watch) seen.push(one);
    expect(seen).toEqual([event('käse'), event('b')]);
    expect(url).toBe('/api/v1/pods?resourceVersion=7&watch=true');
  });

  it('throws an ERROR event as what it says', async () => {
    const status = { code: 410, reason: 'Expired', message: 'too old resource version: 7 (9)' };
    const watch = await watching((_request, response) =>
      response.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`),
    );
    expect(await errorOf(watch.next())).toMatchObject({ name: 'ApiError', status: 410, reason: 'Expired' });
  });

  it('that breaks off says so in one sentence', async () => {
    const watch = await watching((_request, response) => {
      response.write(`${JSON.stringify(event('a'))}\n`, () => response.destroy());
    });
    expect((await watch.next()).value).toEqual(event('a'));
    expect(await unreachable(watch.next())).toContain('the connection was reset');
  });

  it('that brings no JSON says so in one sentence', async () => {
    const watch = await watching((_request, response) => response.end('<html>\n'));
    expect(await unreachable(watch.next())).toContain('not JSON');
  });

  it('that is aborted ends with the reason', async () => {
    const abort = new AbortController();
    const reason = new Error('Ctrl-C');
    const watch = await watching((_request, response) => {
      response.write(`${JSON.stringify(event('a'))}\n`);
    }, abort.signal);
    await watch.next();
    const next = errorOf(watch.next());
    abort.abort(reason);
    expect(await next).toBe(reason);
  });

  it('that nobody reads on lets go of its connection', async () => {
    let closed = false;
    const watch = await watching((_request, response) => {
      response.on('close', () => {
        closed = true;
      });
      response.write(`${JSON.stringify(event('a'))}\n`);
    });
    for await (const _one of watch) break;
    await vi.waitUntil(() => closed, WAIT);
  });
});

describe('TLS', () => {
  let own: Certificate;
  let other: Certificate;

  beforeAll(() => {
    own = makeCertificate(folder, 'own', ['IP:127.0.0.1', 'DNS:kubernetes']);
    other = makeCertificate(folder, 'other', ['DNS:other.example']);
  });

  const trusting = (certificate: Certificate, more: object = {}): Config => ({
    cluster: { 'certificate-authority': certificate.certFile, ...more },
  });

  it('trusts the authority of the kubeconfig, as file and as data', async () => {
    const url = await serveTls(own, json);
    const data = Buffer.from(own.cert).toString('base64');
    for (const config of [trusting(own), { cluster: { 'certificate-authority-data': data } }]) {
      expect(await (await connect(url, config)).get('/x')).toEqual({ ok: true });
    }
  });

  it('says in one sentence that the authority is another', async () => {
    const url = await serveTls(own, json);
    const message = await unreachable((await connect(url, trusting(other))).get('/x'));
    expect(message).toMatch(/^cannot reach the API server at .*: its certificate is .*not trust/);
  });

  it('says in one sentence that the name is another, and which there are', async () => {
    const url = await serveTls(other, json);
    expect(await unreachable((await connect(url, trusting(other))).get('/x'))).toBe(
      `cannot reach the API server at ${url}: its certificate is for other names (DNS:other.example); ` +
        'tls-server-name says which one to expect.',
    );
  });

  // The second kind of request takes node:https.
  it.each(['get', 'watch'] as const)('knows a server by its address of IPv6: %s', async (kind) => {
    const ask = async (names: readonly string[]): Promise<unknown> => {
      const six = makeCertificate(folder, 'six', names);
      const server = createTlsServer({ cert: six.cert, key: six.key }, json);
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, '::1', resolve));
      const { port } = server.address() as AddressInfo;
      const client = await connect(`https://[::1]:${port}`, trusting(six));
      return kind === 'get' ? client.get('/x') : client.watch('/x', {}).next();
    };
    // A watch of what is no stream of events ends at once.
    const answer = kind === 'get' ? { ok: true } : { done: true };
    expect(await ask(['IP:127.0.0.1', 'IP:::1'])).toMatchObject(answer);
    expect(await unreachable(ask(['IP:::2', 'DNS:kubernetes']))).toContain('is for other names (IP Address:');
  });

  it('expects the name that tls-server-name says, and sends it', async () => {
    const names: (string | false | null)[] = [];
    const url = await serveTls(other, (request, response) => {
      const socket = request.socket as TLSSocket & { servername: string | false | null };
      names.push(socket.servername);
      json(request, response);
    });
    const config = trusting(other, { 'tls-server-name': 'other.example' });
    expect(await (await connect(url, config)).get('/x')).toEqual({ ok: true });
    expect(names).toEqual(['other.example']);
    const wrong = await connect(url, trusting(other), { tlsServerName: 'kubernetes' });
    expect(await unreachable(wrong.get('/x'))).toContain('for other names');
  });

  it('checks nothing with --insecure-skip-tls-verify', async () => {
    const url = await serveTls(other, json);
    expect(await (await connect(url, {}, { insecureSkipTlsVerify: true })).get('/x')).toEqual({ ok: true });
  });

  it('resumes the first session in connections beside that one, with the client certificate', async () => {
    const seen: string[] = [];
    const url = await serveTls(own, (request, response) => {
      const socket = request.socket as TLSSocket;
      const shown = socket.getPeerCertificate().subject.CN;
      seen.push(`${String(shown)} ${socket.isSessionReused() ? 'resumed' : 'anew'} ${socket.remotePort}`);
      json(request, response);
    });
    const user = { 'client-certificate': other.certFile, 'client-key': other.keyFile };
    const client = await connect(url, { ...trusting(own), user });
    await client.get('/first');
    await Promise.all(['/a', '/b', '/c'].map((path) => client.get(path)));
    // One goes over the first connection.
    const connections = [...new Set(seen)].map((one) => one.slice(0, one.lastIndexOf(' ')));
    expect(connections).toEqual(['other anew', 'other resumed', 'other resumed']);
  });

  it('shows the client certificate', async () => {
    const names: unknown[] = [];
    const url = await serveTls(own, (request, response) => {
      names.push((request.socket as TLSSocket).getPeerCertificate().subject.CN);
      json(request, response);
    });
    const user = { 'client-certificate': other.certFile, 'client-key': other.keyFile };
    await (await connect(url, { ...trusting(own), user })).get('/x');
    expect(names).toEqual(['other']);
  });

  it('says in one sentence what is wrong with a certificate or key', async () => {
    const url = await serveTls(own, json);
    const garbage = join(folder, 'garbage.pem');
    writeFileSync(garbage, 'not a certificate');
    const withUser = async (cert: string, key: string): Promise<KubeClient> =>
      connect(url, { ...trusting(own), user: { 'client-certificate': cert, 'client-key': key } });
    expect(await unreachable((await withUser(garbage, other.keyFile)).get('/x'))).toContain(
      'not in PEM format',
    );
    expect(await unreachable((await withUser(own.certFile, other.keyFile)).get('/x'))).toContain(
      'do not belong together',
    );
    const missing = await errorOf(withUser('/not/there.crt', other.keyFile));
    expect(missing).toBeInstanceOf(UserError);
    expect((missing as UserError).message).toMatch(
      /^the credentials .* cannot be used: ENOENT.*\/not\/there\.crt/,
    );
  });

  it('is told from a server that speaks none', async () => {
    const url = (await serve(json)).replace('http:', 'https:');
    expect(await unreachable((await connect(url, trusting(own))).get('/x'))).toBe(
      `cannot reach the API server at ${url}: it does not speak TLS on that port.`,
    );
  });

  it('goes through a proxy to the server of the kubeconfig', async () => {
    const url = await serveTls(own, json);
    const via = await proxy();
    const client = await connect(url, trusting(own, { 'proxy-url': via.url }));
    expect(await client.get('/x')).toEqual({ ok: true });
    expect(await client.get('/x')).toEqual({ ok: true });
    expect(via.targets).toEqual([new URL(url).host]);
  });
});

describe('a proxy', () => {
  const through = (proxyUrl: string): Config => ({ cluster: { 'proxy-url': proxyUrl } });
  const server = 'http://192.0.2.1:6443';

  it('gets its own name and password', async () => {
    const via = await proxy();
    const url = await serve(json);
    await (await connect(url, through(via.url.replace('//', '//me:p%40ss@')))).get('/x');
    expect(via.credentials).toEqual([`Basic ${Buffer.from('me:p@ss').toString('base64')}`]);
  });

  it('that refuses is told, without its password', async () => {
    const via = await proxy({ status: 407 });
    const client = await connect(server, through(via.url.replace('//', '//me:secret@')));
    expect(await unreachable(client.get('/x'))).toBe(
      `cannot reach the API server at ${server} through the proxy ${via.url}: the proxy answered HTTP 407.`,
    );
  });

  it('that is not there is told from a server that is not there', async () => {
    const url = `http://127.0.0.1:${await closedPort()}`;
    expect(await unreachable((await connect(server, through(url))).get('/x'))).toBe(
      `cannot reach the API server at ${server} through the proxy ${url}: the connection was refused.`,
    );
  });

  it('that says nothing is given up, and leaves nothing open', async () => {
    const via = await proxy('silence');
    await connect(server, through(via.url));
    const child = fileURLToPath(new URL('./client-child.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [child, join(folder, 'config')], {
      timeout: 30_000,
    });
    expect(stdout.trim()).toBe(
      `cannot reach the API server at ${server} through the proxy ${via.url}: the proxy did not answer.`,
    );
  }, 40_000);
});

describe('execEndpoint', () => {
  it('spells the request as kubectl does', async () => {
    const client = await connect(
      'https://x.example/base/',
      { user: { token: 't' } },
      { requestTimeoutMs: 7 },
    );
    const endpoint = client.execEndpoint({
      namespace: 'n',
      pod: 'p',
      container: 'c',
      command: ['sh', '-c', 'echo "a b" & käse', ''],
      stdin: true,
      tty: false,
    });
    const url = new URL(endpoint.url);
    expect(url.origin + url.pathname).toBe('wss://x.example/base/api/v1/namespaces/n/pods/p/exec');
    expect([...url.searchParams]).toEqual([
      ['container', 'c'],
      ['stdin', 'true'],
      ['stdout', 'true'],
      ['stderr', 'true'],
      ['tty', 'false'],
      ['command', 'sh'],
      ['command', '-c'],
      ['command', 'echo "a b" & käse'],
      ['command', ''],
    ]);
    expect(endpoint.headers).toMatchObject({ Authorization: 'Bearer t' });
    expect(endpoint.timeoutMs).toBe(7);
  });

  it('asks for no stderr with a terminal, which has one output', async () => {
    const client = await connect('http://x.example');
    const place = { namespace: 'n', pod: 'p', container: 'c', command: ['sh'] };
    const url = new URL(client.execEndpoint({ ...place, stdin: true, tty: true }).url);
    expect(url.protocol).toBe('ws:');
    expect(url.searchParams.get('stderr')).toBe('false');
    expect(url.searchParams.get('tty')).toBe('true');
  });
});
