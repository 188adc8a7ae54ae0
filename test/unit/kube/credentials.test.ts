import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { discard } from '../../../src/channels/output.ts';
import { execStream } from '../../../src/exec/stream.ts';
import { KubeClient } from '../../../src/kube/client.ts';
import { RenewedCredentials, TokenFile } from '../../../src/kube/credentials.ts';
import type { Credential } from '../../../src/kube/exec-credential.ts';
import { type ApiServer, startApiServer } from '../../servers/api-server.ts';
import { type Certificate, makeCertificate } from '../../servers/certificates.ts';

/** Ends a wait for what does not come. */
const WAIT = { timeout: 15_000 } as const;
const API = 'client.authentication.k8s.io/v1';

let folder: string;
let certificate: Certificate;
const open: { close(): unknown }[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'credentials-'));
  certificate = makeCertificate(folder, 'server', ['IP:127.0.0.1']);
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A server that accepts these tokens alone; what it accepts may change. */
async function serve(...accepted: string[]): Promise<ApiServer & { readonly tokens: Set<string> }> {
  const tokens = new Set(accepted);
  const server = await startApiServer({ tokens, lists: { '/x': [] } });
  open.push(server);
  return Object.assign(server, { tokens });
}

async function connect(server: string, user: object): Promise<KubeClient> {
  const kubeconfig = join(folder, 'config');
  const config = {
    'current-context': 'x',
    clusters: [{ name: 'c', cluster: { server, 'certificate-authority': certificate.certFile } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  const client = await KubeClient.connect({ kubeconfig });
  open.push(client);
  return client;
}

/** A user of a plugin that gives the tokens t1, t2, …; `runs` tells how often it ran. */
function counting(status: object = {}): { readonly user: object; runs(): number } {
  const count = join(folder, 'count');
  const command = join(folder, 'login');
  writeFileSync(count, '0');
  const answer = JSON.stringify({
    kind: 'ExecCredential',
    apiVersion: API,
    status: { ...status, token: 't$n' },
  });
  writeFileSync(
    command,
    `#!/bin/sh\nread -r n < '${count}'\nn=$((n + 1))\necho $n > '${count}'\ncat <<.\n${answer}\n.\n`,
  );
  chmodSync(command, 0o755);
  return { user: { exec: { command, apiVersion: API } }, runs: () => Number(readFileSync(count, 'utf8')) };
}

const EXPIRED = { expirationTimestamp: '2020-01-01T00:00:00Z' };
const LONG = { expirationTimestamp: '2999-01-01T00:00:00Z' };
const EXEC = { namespace: 'n', pod: 'p', container: 'c', command: ['true'], stdin: false, tty: false };

/** What becomes of one exec stream. */
async function exec(client: KubeClient): Promise<string> {
  const sink = discard();
  return execStream(client.execEndpoint(EXEC), { stdout: sink, stderr: sink }).then(
    (outcome) => outcome.kind,
    (error: Error & { status?: number }) => `${error.name} ${error.status}`,
  );
}

describe('a credential plugin', () => {
  it('runs once for many requests while its credential is good', async () => {
    const server = await serve('t1');
    const { user, runs } = counting(LONG);
    const client = await connect(server.url, user);
    await Promise.all([client.get('/x'), client.get('/x'), client.get('/x')]);
    await client.get('/x');
    expect(runs()).toBe(1);
  });

  it('runs again when its credential has expired, before the server has to say so', async () => {
    const server = await serve('t2', 't3');
    const { user } = counting(EXPIRED);
    const client = await connect(server.url, user);
    await client.get('/x');
    await client.get('/x');
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer t2', 'Bearer t3']);
  });

  it('runs once for requests that all find an expired credential', async () => {
    const server = await serve('t2');
    const { user, runs } = counting(EXPIRED);
    const client = await connect(server.url, user);
    await Promise.all([client.get('/x'), client.get('/x'), client.get('/x')]);
    expect(runs()).toBe(2);
  });

  it('runs once after a 401, whatever the request is, and the request is made again', async () => {
    const server = await serve('t2');
    const { user, runs } = counting();
    const client = await connect(server.url, user);
    await client.post('/x', { name: 'käse' });
    expect(runs()).toBe(2);
    expect(server.requests).toEqual(['POST /x', 'POST /x']);
    await client.get('/x');
    expect(runs()).toBe(2);
  });

  it('whose credentials are refused each time is not run on and on', async () => {
    const server = await serve();
    const { user, runs } = counting(LONG);
    const client = await connect(server.url, user);
    await expect(client.get('/x')).rejects.toMatchObject({ status: 401 });
    expect(runs()).toBe(2);
    expect(server.requests).toHaveLength(2);
  });

  it('that fails is what a request says that needs it', async () => {
    const server = await serve();
    const { user } = counting();
    const client = await connect(server.url, user);
    writeFileSync(join(folder, 'login'), '#!/bin/sh\nexit 7\n');
    await expect(client.get('/x')).rejects.toThrow('failed with exit code 7');
  });

  it('renews for a watch as well', async () => {
    const server = await serve('t2');
    const { user } = counting();
    const client = await connect(server.url, user);
    server.watches({ events: [{ type: 'ADDED', object: {} }], end: 'closed' });
    expect(await client.watch('/x', {}).next()).toMatchObject({ value: { type: 'ADDED' } });
  });

  it('renews for an exec stream that is opened again until it holds, with no other request', async () => {
    const server = await serve('t1');
    const { user, runs } = counting();
    const client = await connect(server.url, user);
    expect(await exec(client)).toBe('exit');
    server.tokens.clear();
    server.tokens.add('t2');
    expect(await exec(client)).toBe('ExecRefusedError 401');
    await vi.waitUntil(async () => (await exec(client)) === 'exit', WAIT);
    expect(runs()).toBe(2);
  });

  it('may give another client certificate, which new connections then show', async () => {
    const [first, second] = ['first', 'second'].map((name) => makeCertificate(folder, name, ['DNS:x']));
    const names: unknown[] = [];
    const server = await startApiServer({ certificate, lists: { '/x': [] } });
    open.push(server);
    const statusOf = ({ cert, key }: Certificate) =>
      JSON.stringify({
        kind: 'ExecCredential',
        apiVersion: API,
        status: { clientCertificateData: cert, clientKeyData: key, ...EXPIRED },
      });
    const answer = join(folder, 'answer');
    const command = join(folder, 'login');
    writeFileSync(command, `#!/bin/sh\ncat '${answer}'\n`);
    chmodSync(command, 0o755);
    writeFileSync(answer, statusOf(first as Certificate));
    const client = await connect(server.url, { exec: { command, apiVersion: API } });
    for (const one of [first, second]) {
      writeFileSync(answer, statusOf(one as Certificate));
      await client.get('/x');
      names.push(server.certificates.at(-1));
    }
    expect(names).toEqual(['first', 'second']);
  });
});

describe('a token file', () => {
  it('is read again after a 401', async () => {
    const server = await serve('new');
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 'old\n');
    const client = await connect(server.url, { tokenFile });
    writeFileSync(tokenFile, 'new\n');
    await client.get('/x');
    expect(server.requests).toHaveLength(2);
  });

  it('that holds the same token has nothing to try again with', async () => {
    const server = await serve();
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 'old\n');
    const client = await connect(server.url, { tokenFile });
    await expect(client.get('/x')).rejects.toMatchObject({ status: 401 });
    expect(server.requests).toHaveLength(1);
  });

  it('is read again for an exec stream after one was refused', async () => {
    const server = await serve('old');
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 'old\n');
    const client = await connect(server.url, { tokenFile });
    server.tokens.clear();
    server.tokens.add('new');
    writeFileSync(tokenFile, 'new\n');
    expect(await exec(client)).toBe('ExecRefusedError 401');
    expect(await exec(client)).toBe('exit');
  });

  it('is read every minute', () => {
    const file = join(folder, 'token');
    writeFileSync(file, 'second');
    let now = 0;
    const source = new TokenFile(file, 'first', () => now);
    now = 59_999;
    expect(source.latest()).toEqual({ token: 'first' });
    now = 60_000;
    expect(source.latest()).toEqual({ token: 'second' });
  });

  it.each([
    ['is empty', ''],
    ['is gone', undefined],
  ])('that %s leaves the token that there was', (_what, text) => {
    const file = join(folder, 'token');
    if (text === undefined) rmSync(file, { force: true });
    else writeFileSync(file, text);
    let now = 0;
    const source = new TokenFile(file, 'first', () => now);
    now = 60_000;
    expect(source.latest()).toEqual({ token: 'first' });
  });
});

describe('a token of the kubeconfig', () => {
  it('is not tried twice', async () => {
    const server = await serve();
    const client = await connect(server.url, { token: 't' });
    await expect(client.get('/x')).rejects.toMatchObject({ status: 401 });
    expect(server.requests).toHaveLength(1);
  });
});

describe('credentials that are fetched', () => {
  interface Pending {
    readonly signal: AbortSignal;
    give(credential: Credential): void;
    fail(error: Error): void;
  }

  function fetching(now = () => 0) {
    const fetches: Pending[] = [];
    const source = new RenewedCredentials(
      (signal) =>
        new Promise((give, fail) => {
          fetches.push({ signal, give, fail });
          signal.addEventListener('abort', () => fail(signal.reason));
        }),
      now,
    );
    return { source, fetches };
  }

  it('are fetched by the way for who does not wait', async () => {
    let now = 0;
    const { source, fetches } = fetching(() => now);
    const first = source.current();
    fetches[0]?.give({ token: 'a', expiresAt: 100_000 });
    await first;
    now = 100_000;
    expect(source.latest()).toMatchObject({ token: 'a' });
    expect(fetches).toHaveLength(2);
    fetches[1]?.give({ token: 'b' });
    await vi.waitUntil(() => source.latest().token === 'b', WAIT);
    expect(fetches).toHaveLength(2);
  });

  it('that are refused are fetched at a slow pace by who does not wait', async () => {
    let now = 0;
    const { source, fetches } = fetching(() => now);
    const first = source.current();
    fetches[0]?.give({ token: 'a' });
    await first;
    source.refused('another');
    now = 60_000;
    source.latest();
    expect(fetches).toHaveLength(1);
    source.refused('a');
    source.latest();
    expect(fetches).toHaveLength(2);
    fetches[1]?.give({ token: 'a' });
    await turn();
    source.refused('a');
    now = 89_999;
    source.latest();
    expect(fetches).toHaveLength(2);
    now = 90_000;
    source.latest();
    expect(fetches).toHaveLength(3);
  });

  it('end, for the last one that waits, with what the fetch makes of the reason', async () => {
    const source = new RenewedCredentials(
      (signal) =>
        new Promise((_, fail) => {
          signal.addEventListener('abort', () => fail(new Error('waited for the plugin')));
        }),
    );
    const end = new AbortController();
    const waiting = source.current(end.signal);
    end.abort(new Error('time is up'));
    await expect(waiting).rejects.toThrow('waited for the plugin');
  });

  it('are not fetched on for nobody', async () => {
    const { source, fetches } = fetching();
    const [one, two] = [new AbortController(), new AbortController()];
    const waiting = [source.current(one.signal), source.current(two.signal)];
    one.abort(new Error('one'));
    await expect(waiting[0]).rejects.toThrow('one');
    expect(fetches[0]?.signal.aborted).toBe(false);
    two.abort(new Error('two'));
    await expect(waiting[1]).rejects.toThrow('two');
    expect(fetches[0]?.signal.aborted).toBe(true);
    const again = source.current();
    fetches[1]?.give({ token: 'a' });
    expect(await again).toEqual({ token: 'a' });
  });

  it('are fetched again after a failure', async () => {
    const { source, fetches } = fetching();
    const failed = source.current();
    fetches[0]?.fail(new Error('no'));
    await expect(failed).rejects.toThrow('no');
    const again = source.current();
    fetches[1]?.give({ token: 'a' });
    expect(await again).toEqual({ token: 'a' });
  });
});
