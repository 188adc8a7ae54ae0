import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { dump, load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiPort, bridge, kubeconfig, kubectlPath } from '../cluster/paths.ts';
import { type ConnectProxy, startConnectProxy } from '../servers/connect-proxy.ts';
import { expectSentence, nettools } from './support/cli.ts';
import { pod, testNamespace } from './support/cluster.ts';
import { ensureTmux, Terminal } from './support/terminal.ts';

// Every way to the API server and to be somebody there, each for requests and for the exec stream alike: a command
// that prints a word needs both.

const ns = testNamespace('connection');
/** Not on loopback, which no proxy of the environment is asked for. */
const server = `https://${bridge.address}:${apiPort}`;
const authority = `${bridge.address}:${apiPort}`;
const folder = mkdtempSync(join(tmpdir(), 'nettools-connection-'));
let proxy: ConnectProxy;

interface Config {
  clusters: { cluster: Record<string, unknown> }[];
  users: { user: Record<string, unknown> }[];
}

/** The admin's kubeconfig with changes, as a file. */
function changed(name: string, change: (config: Config) => void): string {
  const config = load(readFileSync(kubeconfig, 'utf8')) as Config;
  change(config);
  const file = join(folder, name);
  writeFileSync(file, dump(config), { mode: 0o600 });
  return file;
}

function only<T>(list: readonly T[]): T {
  const [first] = list;
  if (first === undefined) throw new Error('the kubeconfig has none');
  return first;
}

/** The cluster's authority as a file. */
function caFile(): string {
  const { clusters } = load(readFileSync(kubeconfig, 'utf8')) as Config;
  const file = join(folder, 'ca.crt');
  writeFileSync(file, Buffer.from(String(only(clusters).cluster['certificate-authority-data']), 'base64'));
  return file;
}

async function saysHello(flags: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
  const outcome = await nettools(['run', 'plain', '-n', ns.name, ...flags, '--', 'echo', 'hello'], { env });
  expect(outcome.stderr).toBe('');
  expect(outcome.stdout).toBe('hello\n');
  expect(outcome.code).toBe(0);
}

beforeAll(async () => {
  await ensureTmux();
  await ns.start(pod('plain'));
  proxy = await startConnectProxy();
});

afterAll(async () => {
  await proxy.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('a proxy', () => {
  it('of HTTPS_PROXY carries requests and the exec stream', async () => {
    const before = proxy.targets.length;
    await saysHello(['-s', server], { HTTPS_PROXY: proxy.url });
    expect(proxy.targets.slice(before).length).toBeGreaterThan(0);
    expect(new Set(proxy.targets.slice(before))).toEqual(new Set([authority]));
  });

  it.each([bridge.address, '198.51.100.0/24', '*'])('is left out for NO_PROXY=%s', async (exception) => {
    const before = proxy.targets.length;
    await saysHello(['-s', server], { HTTPS_PROXY: proxy.url, NO_PROXY: exception });
    expect(proxy.targets.length).toBe(before);
  });

  it('of the kubeconfig is used, also to an address on loopback', async () => {
    const before = proxy.targets.length;
    const file = changed('proxy', ({ clusters }) => {
      only(clusters).cluster['proxy-url'] = proxy.url;
    });
    await saysHello(['--kubeconfig', file]);
    expect(proxy.targets.length).toBeGreaterThan(before);
  });

  it('that is not there is named', async () => {
    const outcome = await nettools(['run', 'plain', '-n', ns.name, '-s', server, '--', 'true'], {
      env: { HTTPS_PROXY: 'http://127.0.0.1:1' },
    });
    expectSentence(outcome, 3, /proxy http:\/\/127\.0\.0\.1:1/);
  });
});

describe('credentials', () => {
  const token = (): string =>
    execFileSync(kubectlPath(), ['create', 'token', 'caller', '-n', ns.name], {
      env: { ...process.env, KUBECONFIG: kubeconfig },
      encoding: 'utf8',
    }).trim();

  beforeAll(async () => {
    await ns.apply(
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'caller' } },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { name: 'caller' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
        subjects: [{ kind: 'ServiceAccount', name: 'caller', namespace: ns.name }],
      },
    );
  });

  it('by client certificate are those of the test cluster itself', () => saysHello([]));

  it('by --token replace those of the kubeconfig', () => saysHello(['--token', token()]));

  it('by an exec plugin are asked for once', async () => {
    const calls = join(folder, 'calls');
    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: token() },
    };
    const plugin = join(folder, 'plugin');
    writeFileSync(plugin, `#!/bin/sh\necho call >> ${calls}\necho '${JSON.stringify(credential)}'\n`);
    chmodSync(plugin, 0o700);
    const file = changed('exec', ({ users }) => {
      only(users).user = {
        exec: {
          apiVersion: 'client.authentication.k8s.io/v1',
          command: plugin,
          interactiveMode: 'Never',
        },
      };
    });
    await saysHello(['--kubeconfig', file]);
    expect(readFileSync(calls, 'utf8')).toBe('call\n');
  });

  it('by an exec plugin that waits at a terminal are waited for, and Ctrl-C ends that', async () => {
    const plugin = join(folder, 'waiting');
    writeFileSync(plugin, '#!/bin/sh\nsleep 1000\n');
    chmodSync(plugin, 0o700);
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: plugin };
    const file = changed('exec-waiting', ({ users }) => {
      only(users).user = { exec };
    });
    const terminal = await Terminal.open();
    try {
      await terminal.enter(`kubectl-nettools sessions ls --kubeconfig ${file}; echo "[ended $?]"`);
      await terminal.shows(/waiting for the kubeconfig's credential plugin ".*waiting"; Ctrl-C ends it/);
      await terminal.press('C-c');
      await terminal.shows(/\[ended 130\]/);
    } finally {
      await terminal.close();
    }
  });

  it.each([
    ['one target', ['diagnose', 'plain']],
    ['several targets', ['diagnose', 'plain', 'other']],
    ['all pods', ['run', '--all', '--', 'true']],
  ])('by an exec plugin that hangs are what --timeout says it waited for: %s', async (_, words) => {
    const plugin = join(folder, 'hanging');
    writeFileSync(plugin, '#!/bin/sh\nexec sleep 1000\n');
    chmodSync(plugin, 0o700);
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: plugin };
    const file = changed('exec-hanging', ({ users }) => {
      only(users).user = { exec };
    });
    const [command = '', ...rest] = words;
    const { code, seconds, stdout, stderr } = await nettools([
      command,
      '--kubeconfig',
      file,
      '-n',
      ns.name,
      '--timeout',
      '2s',
      ...rest,
    ]);
    expect(code).toBe(3);
    expect((stdout + stderr).replace(/\s+/g, ' ')).toMatch(
      /time is up after 2 s: still looking for (?:the target|targets), waiting for the kubeconfig's credential plugin ".*hanging"/,
    );
    // Far below the minute that a plugin has where nobody is there.
    expect(seconds).toBeLessThan(20);
  });

  it('that the server does not know are refused in one sentence', async () => {
    const outcome = await nettools(['run', 'plain', '-n', ns.name, '--token', 'nobody', '--', 'true']);
    expectSentence(outcome, 3, /does not accept these credentials \(401\)/);
  });
});

describe('the name of the server', () => {
  it('may be another one of its certificate by tls-server-name', () =>
    saysHello(['-s', server, '--tls-server-name', 'kubernetes.default.svc']));

  it('that is not in its certificate is told', async () => {
    const flags = ['-s', server, '--tls-server-name', 'elsewhere.example'];
    const outcome = await nettools(['run', 'plain', '-n', ns.name, ...flags, '--', 'true']);
    expectSentence(outcome, 3, /its certificate is for other names/);
  });

  it('is not checked with --insecure-skip-tls-verify', () =>
    saysHello([
      '--kubeconfig',
      changed('insecure', ({ clusters }) => {
        const { cluster } = only(clusters);
        delete cluster['certificate-authority-data'];
        delete cluster['certificate-authority'];
      }),
      '--insecure-skip-tls-verify',
    ]));
});

describe('a cluster whose kubeconfig names no authority', () => {
  const unnamed = (): string =>
    changed('no-authority', ({ clusters }) => {
      delete only(clusters).cluster['certificate-authority-data'];
    });

  it('is believed by the roots of NODE_EXTRA_CA_CERTS', async () => {
    await saysHello(['--kubeconfig', unnamed()], { NODE_EXTRA_CA_CERTS: caFile() });
  });

  it.each([{}, { SSL_CERT_FILE: 'the same' }])('is not believed otherwise (%j)', async (env) => {
    const set = Object.fromEntries(Object.keys(env).map((name) => [name, caFile()]));
    const outcome = await nettools(['run', 'plain', '-n', ns.name, '--kubeconfig', unnamed(), '--', 'true'], {
      env: { NODE_EXTRA_CA_CERTS: '', ...set },
    });
    expectSentence(outcome, 3, /certificate/);
  });

  it('is believed by a proxy, too, that the connection goes through', async () => {
    const file = changed('no-authority-proxy', ({ clusters }) => {
      delete only(clusters).cluster['certificate-authority-data'];
      only(clusters).cluster['proxy-url'] = proxy.url;
    });
    await saysHello(['--kubeconfig', file], { NODE_EXTRA_CA_CERTS: caFile() });
  });
});

it('a cluster with an authority of its own is not believed by the roots of the environment', async () => {
  const file = changed('other-authority', ({ clusters }) => {
    only(clusters).cluster['certificate-authority-data'] = Buffer.from(rootCertificates[0] ?? '').toString(
      'base64',
    );
  });
  const outcome = await nettools(['run', 'plain', '-n', ns.name, '--kubeconfig', file, '--', 'true'], {
    env: { NODE_EXTRA_CA_CERTS: caFile() },
  });
  expectSentence(outcome, 3, /certificate/);
});
