import { sign } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { load } from 'js-yaml';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ExecRefusedError } from '../../../src/exec/errors.ts';
import { execStream } from '../../../src/exec/stream.ts';
import { KubeClient } from '../../../src/kube/client.ts';
import { ApiError, UnreachableError } from '../../../src/kube/errors.ts';
import { podsPath } from '../../../src/kube/paths.ts';
import type { ConnectionFlags } from '../../../src/model/args.ts';
import { apiPort, bridge, kubeconfig } from '../../cluster/paths.ts';
import { serviceAccountKeys } from '../../cluster/pki.ts';
import { pod, testNamespace } from '../../e2e/support/cluster.ts';
import { makeCertificate } from '../../servers/certificates.ts';
import { type ConnectProxy, startConnectProxy } from '../../servers/connect-proxy.ts';
import { closedPort } from '../../servers/fault-server.ts';

const ns = testNamespace('connect');
/** Not on loopback, which no proxy of the environment is asked for. */
const authority = `${bridge.address}:${apiPort}`;
const account = `system:serviceaccount:${ns.name}:caller`;
const folder = mkdtempSync(join(tmpdir(), 'kube-connect-'));
const clients: KubeClient[] = [];
let token: string;

beforeAll(async () => {
  await ns.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'caller' } });
  token = (await ns.kubectl(['create', 'token', 'caller'])).trim();
});

afterEach(() => {
  vi.unstubAllEnvs();
  for (const client of clients.splice(0)) client.close();
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface AdminConfig {
  readonly clusters: readonly [{ readonly cluster: Readonly<Record<string, unknown>> }];
  readonly users: readonly [{ readonly user: Readonly<Record<string, unknown>> }];
}
const admin = load(readFileSync(kubeconfig, 'utf8')) as AdminConfig;

/** A client by a kubeconfig of its own, which has the admin's cluster and user where nothing else is said. */
async function connect(
  { cluster = {}, user = admin.users[0].user }: { cluster?: object; user?: object },
  flags: Partial<ConnectionFlags> = {},
): Promise<KubeClient> {
  const file = join(folder, 'config');
  const config = {
    'current-context': 'x',
    clusters: [{ name: 'c', cluster: { ...admin.clusters[0].cluster, ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: ns.name } }],
  };
  writeFileSync(file, JSON.stringify(config));
  const client = await KubeClient.connect({ kubeconfig: file, ...flags });
  clients.push(client);
  return client;
}

interface UserInfo {
  readonly username: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** As whom the API server takes a client. */
async function whoIs(client: KubeClient): Promise<UserInfo> {
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  const answer = await client.post<{ status: { userInfo: UserInfo } }>(path, review);
  return answer.status.userInfo;
}

async function errorOf(promise: Promise<unknown>): Promise<Error> {
  const error: unknown = await promise.then(
    (value) => expect.fail(`resolved to ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) return expect.fail(String(error));
  expect(error.message).toMatch(/^[^\n]+\.$/);
  return error;
}

/** A credential plugin that prints this. */
function plugin(status: object): object {
  const apiVersion = 'client.authentication.k8s.io/v1';
  const command = join(folder, 'login');
  const credential = JSON.stringify({ kind: 'ExecCredential', apiVersion, status });
  writeFileSync(command, `#!/bin/sh\ncat <<'END'\n${credential}\nEND\n`);
  chmodSync(command, 0o755);
  // Relative to the kubeconfig.
  return { exec: { apiVersion, command: './login' } };
}

describe('the API server knows', () => {
  it('who shows a client certificate', async () => {
    const { username, groups } = await whoIs(await connect({}));
    expect(username).toBe('kubernetes-admin');
    expect(groups).toContain('system:masters');
  });

  it('who has a token, a token file or --token', async () => {
    const file = join(folder, 'token');
    writeFileSync(file, `${token}\n`);
    for (const client of [
      await connect({ user: { token } }),
      await connect({ user: { tokenFile: 'token' } }),
      await connect({}, { token }),
    ]) {
      expect((await whoIs(client)).username).toBe(account);
    }
  });

  it('who gets a token from a credential plugin', async () => {
    expect((await whoIs(await connect({ user: plugin({ token }) }))).username).toBe(account);
  });

  it('who gets a client certificate from a credential plugin', async () => {
    const pem = (field: string): string =>
      Buffer.from(String(admin.users[0].user[field]), 'base64').toString('utf8');
    const status = {
      clientCertificateData: pem('client-certificate-data'),
      clientKeyData: pem('client-key-data'),
    };
    expect((await whoIs(await connect({ user: plugin(status) }))).username).toBe('kubernetes-admin');
  });

  it('whom a user acts as, by flags and by the kubeconfig', async () => {
    const flags = { as: 'alice', asGroup: ['ops', 'on-call'] };
    expect(await whoIs(await connect({}, flags))).toMatchObject({
      username: 'alice',
      groups: expect.arrayContaining(['ops', 'on-call']),
    });
    const user = {
      ...admin.users[0].user,
      as: 'bob',
      'as-groups': ['ops'],
      'as-user-extra': { 'example.org/scope': ['a', 'b'] },
    };
    expect(await whoIs(await connect({ user }))).toMatchObject({
      username: 'bob',
      groups: expect.arrayContaining(['ops']),
      extra: { 'example.org/scope': ['a', 'b'] },
    });
  });
});

describe('the API server does not accept', () => {
  /** The ServiceAccount's token with other times, signed as the API server signs. @param seconds from now */
  function resigned(seconds: number): string {
    const [header = '', payload = ''] = token.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Record<string, unknown>;
    const now = Math.floor(Date.now() / 1000);
    const times = { iat: now - 7200, nbf: now - 7200, exp: now + seconds };
    const text = `${header}.${Buffer.from(JSON.stringify({ ...claims, ...times })).toString('base64url')}`;
    const key = readFileSync(serviceAccountKeys.private, 'utf8');
    const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
    return `${text}.${signature.toString('base64url')}`;
  }

  it('a token that has expired, though it took the same one before', async () => {
    expect((await whoIs(await connect({ user: { token: resigned(3600) } }))).username).toBe(account);
    const error = await errorOf(whoIs(await connect({ user: { token: resigned(-3600) } })));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 401, message: expect.stringContaining('does not accept') });
  });

  it('a token that has expired, in whose place a credential plugin gives another one', async () => {
    const client = await connect({ user: plugin({ token: resigned(-3600) }) });
    plugin({ token });
    expect((await whoIs(client)).username).toBe(account);
  });

  it('an exec stream of a token that has expired, but the next one, of another token', async () => {
    const client = await connect({ user: plugin({ token: resigned(-3600) }) });
    plugin({ token });
    const place = { namespace: ns.name, pod: 'none', container: 'c', command: ['true'] };
    const status = async (): Promise<unknown> => {
      const sink = new Writable({ write: (_chunk, _encoding, done) => done() });
      const endpoint = client.execEndpoint({ ...place, stdin: false, tty: false });
      return execStream(endpoint, { stdout: sink, stderr: sink }).then(
        () => undefined,
        (error: ExecRefusedError) => error.status,
      );
    };
    expect(await status()).toBe(401);
    // Known, and without the right.
    await vi.waitUntil(async () => (await status()) === 403, { timeout: 30_000 });
  });

  it('a token that is none', async () => {
    const error = await errorOf(whoIs(await connect({ user: { token: 'garbage' } })));
    expect(error).toMatchObject({ name: 'ApiError', status: 401 });
  });
});

describe('the way to the API server', () => {
  it('ends at a certificate of another authority', async () => {
    const other = makeCertificate(folder, 'other', ['DNS:kubernetes']);
    const cluster = {
      'certificate-authority': other.certFile,
      'certificate-authority-data': undefined,
    };
    const error = await errorOf(whoIs(await connect({ cluster })));
    expect(error).toBeInstanceOf(UnreachableError);
    expect(error.message).toBe(
      `cannot reach the API server at https://127.0.0.1:${apiPort}: ` +
        'its certificate is signed by an authority that the kubeconfig does not trust.',
    );
  });

  it('ends at a port where nobody listens', async () => {
    const server = `https://127.0.0.1:${await closedPort()}`;
    const client = await connect({ cluster: { server } });
    const error = await errorOf(whoIs(client));
    expect(error).toBeInstanceOf(UnreachableError);
    expect(error.message).toBe(`cannot reach the API server at ${server}: the connection was refused.`);
  });

  it('is checked for the name that tls-server-name says', async () => {
    const cluster = { server: `https://${authority}`, 'tls-server-name': 'kubernetes.default.svc' };
    expect((await whoIs(await connect({ cluster }))).username).toBe('kubernetes-admin');
    const wrong = await connect({ cluster: { ...cluster, 'tls-server-name': 'elsewhere.example' } });
    expect((await errorOf(whoIs(wrong))).message).toMatch(/certificate is for other names \(.*IP Address:/);
  });
});

describe('a proxy', () => {
  let proxy: ConnectProxy;

  beforeAll(async () => {
    await ns.start(pod('plain'));
    proxy = await startConnectProxy();
  });

  afterAll(() => proxy.close());

  const exec = (client: KubeClient, ...command: string[]) => {
    const stdout = new Writable({ write: (_chunk, _encoding, done) => done() });
    const place = { namespace: ns.name, pod: 'plain', container: 'app', command, stdin: false, tty: false };
    return execStream(client.execEndpoint(place), { stdout });
  };

  /** How many connections requests and an exec in a row take. */
  async function tunnels(client: KubeClient): Promise<string[]> {
    const before = proxy.targets.length;
    await client.get(podsPath(ns.name, 'plain'));
    await client.get(podsPath(ns.name, 'plain'));
    expect(await exec(client, 'sh', '-c', 'exit 3')).toEqual({ kind: 'exit', code: 3 });
    return proxy.targets.slice(before);
  }

  const far = { cluster: { server: `https://${authority}` } };

  it('of HTTPS_PROXY carries requests and the exec stream over one connection', async () => {
    vi.stubEnv('HTTPS_PROXY', proxy.url);
    expect(await tunnels(await connect(far))).toEqual([authority]);
  });

  it.each([bridge.address, authority, `${bridge.address}/24`, 'x.example, *'])(
    'is left out for NO_PROXY=%s',
    async (exception) => {
      vi.stubEnv('HTTPS_PROXY', proxy.url);
      vi.stubEnv('NO_PROXY', exception);
      expect(await tunnels(await connect(far))).toEqual([]);
    },
  );

  it('of the kubeconfig is used whatever the environment says, on loopback too', async () => {
    vi.stubEnv('HTTPS_PROXY', 'http://127.0.0.1:1');
    vi.stubEnv('NO_PROXY', '*');
    expect(await tunnels(await connect({ cluster: { 'proxy-url': proxy.url } }))).toEqual([
      `127.0.0.1:${apiPort}`,
    ]);
  });

  it('does not cut a stream that lasts longer than a request may', async () => {
    const client = await connect({ cluster: { 'proxy-url': proxy.url } }, { requestTimeoutMs: 4_000 });
    expect(await exec(client, 'sh', '-c', 'sleep 5; exit 4')).toEqual({ kind: 'exit', code: 4 });
  });
});
