import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contextNames, type LoadedConfig, loadConfig } from '../../../src/kube/kubeconfig.ts';
import type { ConnectionFlags } from '../../../src/model/args.ts';
import { UserError } from '../../../src/model/errors.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Writes a file into the test's folder and returns its path. */
function write(name: string, text: string): string {
  const file = join(folder, name);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
  return file;
}

/** Loads with KUBECONFIG naming the files, in that order. */
function load(
  files: readonly string[],
  flags: Partial<ConnectionFlags> = {},
  env: NodeJS.ProcessEnv = {},
): LoadedConfig {
  return loadConfig({ ...flags }, { KUBECONFIG: files.join(delimiter), ...env });
}

/** The sentence that loading fails with; it has to be one for the user, with exit code 3. */
function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ exitCode: 3 });
    return error instanceof Error ? error.message : '';
  }
  return expect.fail('it was accepted');
}

const TWO = `
apiVersion: v1
kind: Config
current-context: one
clusters:
  - {name: c1, cluster: {server: 'https://one.example:6443', certificate-authority: pki/ca.crt}}
  - {name: c2, cluster: {server: 'https://two.example', insecure-skip-tls-verify: true}}
users:
  - {name: u1, user: {token: one-token}}
  - {name: u2, user: {client-certificate: u2.crt, client-key: /abs/u2.key}}
contexts:
  - {name: one, context: {cluster: c1, user: u1, namespace: shop}}
  - {name: two, context: {cluster: c2, user: u2}}
`;

describe('one file', () => {
  it('gives the current context, its cluster, user and namespace', () => {
    const loaded = load([write('config', TWO)]);
    expect(loaded).toMatchObject({ contextName: 'one', namespace: 'shop' });
    expect(loaded.server.href).toBe('https://one.example:6443/');
    expect(loaded.user).toMatchObject({ name: 'u1', token: 'one-token' });
  });

  it("means relative paths from the file's own folder", () => {
    const config = write('deep/config', TWO);
    expect(load([config]).cluster.caFile).toBe(join(folder, 'deep/pki/ca.crt'));
    expect(load([config], { context: 'two' }).user).toMatchObject({
      certFile: join(folder, 'deep/u2.crt'),
      keyFile: '/abs/u2.key',
    });
  });

  it('is JSON as well as YAML', () => {
    const json = {
      'current-context': 'x',
      clusters: [{ name: 'c', cluster: { server: 'https://json.example' } }],
      contexts: [{ name: 'x', context: { cluster: 'c' } }],
    };
    expect(load([write('config', JSON.stringify(json))]).server.host).toBe('json.example');
  });

  it.each(['!hush', '*hush', '!!hush', '!<!hush>'])(
    'keeps a token to itself that YAML reads as a tag: %s',
    (token) => {
      const file = write('config', `users: [{name: u1, user: {token: ${token} }}]`);
      const said = refusal(() => load([file]));
      expect(said).toMatch(/cannot be read: [a-z ]+ \(1:\d+\)\.$/);
      expect(said).not.toContain('hush');
    },
  );

  it.each(['http://me:hush', 'http://me:hu sh@', 'me:hu/sh@p:1:1'])(
    'keeps the password of a proxy to itself: %s',
    (url) => {
      const file = write(
        'config',
        `clusters: [{name: c, cluster: {server: 'https://one.example', proxy-url: '${url}'}}]`,
      );
      const said = refusal(() => load([file], { cluster: 'c' }));
      expect(said).toContain("the proxy's address");
      expect(said).not.toContain('hu');
    },
  );

  it('says where the YAML breaks off', () => {
    const file = write('config', 'clusters:\n  - name: [a\n');
    expect(refusal(() => load([file]))).toMatch(
      new RegExp(`^the kubeconfig ${file} cannot be read: .*\\(\\d+:\\d+\\)\\.$`),
    );
  });

  it.each(['just words', '- a\n- list\n', '7'])(
    'is not taken for a kubeconfig when it is none: %j',
    (text) => {
      const file = write('config', text);
      expect(refusal(() => load([file]))).toBe(`the kubeconfig ${file} cannot be read: it is not a mapping.`);
    },
  );

  it('cannot be a folder', () => {
    expect(refusal(() => load([folder]))).toContain('EISDIR');
  });

  it.each(['', '# nothing\n', '{}', 'clusters: null\nusers:\ncontexts: 7\n'])(
    'that holds nothing is as good as none: %j',
    (text) => {
      expect(refusal(() => load([write('config', text)]))).toMatch(/^no cluster configured/);
    },
  );

  it('with a broken entry still serves the others', () => {
    const broken = `
clusters:
  - {name: half}
  - {cluster: {server: 'https://nameless.example'}}
  - nonsense
contexts:
  - {name: lost, context: {user: u1}}
  - {name: stale, context: {cluster: gone, user: gone}}
`;
    const files = [write('broken', broken), write('config', TWO)];
    expect(load(files).server.host).toBe('one.example:6443');
    expect(refusal(() => load(files, { context: 'stale' }))).toBe(
      'cluster "gone" of context "stale" is not in the kubeconfig.',
    );
    expect(refusal(() => load(files, { cluster: 'half' }))).toBe(
      'cluster "half" of the kubeconfig has no server.',
    );
    expect(refusal(() => load(files, { context: 'lost' }))).toMatch(/^no cluster configured/);
  });

  it('may name things by what YAML takes for a number', () => {
    const text = `
current-context: 1
clusters: [{name: 2, cluster: {server: https://number.example}}]
contexts: [{name: 1, context: {cluster: 2, namespace: 3}}]
`;
    expect(load([write('config', text)])).toMatchObject({ contextName: '1', namespace: '3' });
  });
});

describe('several files', () => {
  const OTHER = `
current-context: three
clusters:
  - {name: c1, cluster: {server: 'https://other-one.example'}}
  - {name: c3, cluster: {server: 'https://three.example'}}
users: [{name: u1, user: {token: other-token}}]
contexts:
  - {name: one, context: {cluster: c3, user: u1}}
  - {name: three, context: {cluster: c3, user: u1, namespace: third}}
`;

  it('the first one that names a thing wins, whole', () => {
    const [first, second] = [write('a', TWO), write('b', OTHER)];
    expect(load([first, second])).toMatchObject({
      contextName: 'one',
      namespace: 'shop',
      user: { token: 'one-token' },
    });
    expect(load([second, first])).toMatchObject({
      contextName: 'three',
      namespace: 'third',
      user: { token: 'other-token' },
    });
    expect(load([second, first], { context: 'one' })).toMatchObject({ namespace: 'default' });
    expect(load([second, first], { context: 'one' }).server.host).toBe('three.example');
  });

  it('a context may join entries of different files', () => {
    const context = 'contexts: [{name: mixed, context: {cluster: c3, user: u2}}]\ncurrent-context: mixed\n';
    const loaded = load([write('c', context), write('a', TWO), write('b', OTHER)]);
    expect(loaded.server.host).toBe('three.example');
    expect(loaded.user.keyFile).toBe('/abs/u2.key');
  });

  it('the first current context counts, also when its file has nothing else', () => {
    const files = [write('empty', ''), write('c', 'current-context: two\n'), write('a', TWO)];
    expect(load(files).contextName).toBe('two');
  });

  it('missing files and empty entries are skipped', () => {
    const files = [join(folder, 'not-there'), '', write('a', TWO), ''];
    expect(load(files).contextName).toBe('one');
  });

  it('all missing is as good as none', () => {
    expect(refusal(() => load([join(folder, 'not-there')]))).toMatch(/^no cluster configured/);
  });

  it('a malformed one is not passed over', () => {
    expect(refusal(() => load([write('a', TWO), write('b', '{')]))).toContain('cannot be read');
  });

  it('lists all contexts for completion, each once', () => {
    const env = { KUBECONFIG: [write('a', TWO), write('b', OTHER)].join(delimiter) };
    expect(contextNames({}, env).sort()).toEqual(['one', 'three', 'two']);
  });
});

describe('flags', () => {
  const flagged = (flags: Partial<ConnectionFlags>): LoadedConfig => load([write('config', TWO)], flags);

  it('--kubeconfig replaces KUBECONFIG and has to be there', () => {
    const other = write('other', TWO.replace('current-context: one', 'current-context: two'));
    expect(flagged({ kubeconfig: other }).contextName).toBe('two');
    const missing = join(folder, 'missing');
    expect(refusal(() => flagged({ kubeconfig: missing }))).toBe(`the kubeconfig ${missing} does not exist.`);
  });

  it('--context chooses; a wrong one is told with the ones there are', () => {
    expect(flagged({ context: 'two' }).server.host).toBe('two.example');
    expect(refusal(() => flagged({ context: 'tow' }))).toBe(
      'context "tow" is not in the kubeconfig (it has: one, two).',
    );
    expect(refusal(() => load([write('empty', '')], { context: 'x' }))).toBe(
      'context "x" is not in the kubeconfig.',
    );
  });

  it('a current context that is not there is told as such, unless a flag makes it needless', () => {
    const file = write('config', TWO.replace('current-context: one', 'current-context: gone'));
    expect(refusal(() => load([file]))).toBe(
      'context "gone", its current one, is not in the kubeconfig (it has: one, two).',
    );
    expect(load([file], { cluster: 'c2' }).server.host).toBe('two.example');
    expect(load([file], { server: 'https://s.example' }).server.host).toBe('s.example');
  });

  it('--cluster and --user choose apart from the context', () => {
    const loaded = flagged({ cluster: 'c2', user: 'u2' });
    expect(loaded.server.host).toBe('two.example');
    expect(loaded.user.keyFile).toBe('/abs/u2.key');
    expect(loaded.namespace).toBe('shop');
    expect(refusal(() => flagged({ cluster: 'c9' }))).toBe('cluster "c9" is not in the kubeconfig.');
    expect(refusal(() => flagged({ user: 'u9' }))).toBe('user "u9" is not in the kubeconfig.');
  });

  it("a context's user that is not there is told as such", () => {
    const file = write('config', TWO.replace('name: u1, user', 'name: u7, user'));
    expect(refusal(() => load([file]))).toBe('user "u1" of context "one" is not in the kubeconfig.');
    expect(load([file], { token: 'mine' }).user.token).toBe('mine');
  });

  it('--namespace wins over the context, and default over nothing', () => {
    expect(flagged({ namespace: 'mine' }).namespace).toBe('mine');
    expect(flagged({ context: 'two' }).namespace).toBe('default');
  });

  it('--token replaces every credential of the kubeconfig', () => {
    const { user } = flagged({ context: 'two', token: ' mine\n' });
    expect(user).toEqual({ name: 'u2', token: 'mine', impersonation: expect.anything() });
  });

  it('--client-certificate and --client-key replace the files', () => {
    const { user } = flagged({ context: 'two', clientCertificate: 'my.crt', clientKey: 'my.key' });
    expect(user).toMatchObject({ certFile: 'my.crt', keyFile: 'my.key' });
  });

  it('--certificate-authority replaces file and data', () => {
    const text = TWO.replace('certificate-authority: pki/ca.crt', 'certificate-authority-data: QUJD');
    const { cluster } = load([write('config', text)], { certificateAuthority: 'my-ca.crt' });
    expect([cluster.caFile, cluster.caData]).toEqual(['my-ca.crt', undefined]);
  });

  it('--insecure-skip-tls-verify and --tls-server-name replace what the cluster says', () => {
    const { cluster } = flagged({ insecureSkipTlsVerify: true, tlsServerName: 'kubernetes' });
    expect(cluster).toMatchObject({ skipTLSVerify: true, tlsServerName: 'kubernetes' });
    expect(flagged({ context: 'two', insecureSkipTlsVerify: false }).cluster.skipTLSVerify).toBe(false);
  });

  it("--server replaces the cluster's address and keeps the rest", () => {
    const { cluster, user } = flagged({ server: 'https://mine.example:1' });
    expect(cluster.server).toBe('https://mine.example:1');
    expect(cluster.caFile).toBe(join(folder, 'pki/ca.crt'));
    expect(user.token).toBe('one-token');
  });

  it('--server needs no kubeconfig at all', () => {
    expect(load([], { server: 'https://mine.example', token: 't' }, { HOME: folder })).toMatchObject({
      contextName: '',
      namespace: 'default',
      user: { token: 't' },
    });
  });
});

describe("the server's address", () => {
  const server = (url: string): URL => load([write('config', TWO)], { server: url }).server;

  it.each([
    ['https://x.example', 'https://x.example/'],
    ['https://x.example/', 'https://x.example/'],
    ['https://x.example:6443/k8s/clusters/c-1', 'https://x.example:6443/k8s/clusters/c-1'],
    ['https://x.example:6443/k8s/clusters/c-1///', 'https://x.example:6443/k8s/clusters/c-1'],
    ['https://[2001:db8::1]:6443', 'https://[2001:db8::1]:6443/'],
    ['x.example:8080', 'http://x.example:8080/'],
  ])('%s', (given, expected) => {
    expect(server(given).href).toBe(expected);
    const file = write('config', TWO.replace('https://one.example:6443', given));
    expect(load([file]).server.href).toBe(expected);
  });

  it('has to be one', () => {
    expect(refusal(() => server('https://'))).toBe('the API server\'s address "https://" is not a URL.');
    expect(refusal(() => server('https://a b'))).toContain('is not a URL');
    expect(refusal(() => server('https://user:p@ss@host:x'))).toBe(
      'the API server\'s address "https://host:…" is not a URL.',
    );
  });
});

describe('tls-server-name and proxies', () => {
  const withCluster = (more: string): string =>
    write('config', TWO.replace('certificate-authority: pki/ca.crt', more));

  it('tls-server-name comes from the cluster', () => {
    expect(load([withCluster('tls-server-name: kubernetes')]).cluster.tlsServerName).toBe('kubernetes');
  });

  it('proxy-url comes before the environment, and an empty one leaves it to that', () => {
    const env = { HTTPS_PROXY: 'http://env.example:3128' };
    const proxyOf = (more: string): string | undefined => load([withCluster(more)], {}, env).cluster.proxyUrl;
    expect(proxyOf("proxy-url: 'socks5://own.example:1080'")).toBe('socks5://own.example:1080');
    expect(proxyOf("proxy-url: ''")).toBe('http://env.example:3128');
    expect(proxyOf('tls-server-name: x')).toBe('http://env.example:3128');
  });

  it('NO_PROXY is for the server that --server names', () => {
    const env = { HTTPS_PROXY: 'http://env.example:3128', NO_PROXY: 'mine.example' };
    const file = write('config', TWO);
    expect(load([file], { server: 'https://mine.example' }, env).cluster.proxyUrl).toBeUndefined();
    expect(load([file], {}, env).cluster.proxyUrl).toBe('http://env.example:3128');
  });

  it('a proxy that is no URL is told as such', () => {
    expect(refusal(() => load([withCluster("proxy-url: 'http://'")]))).toBe(
      'the proxy\'s address "http://" is not a URL.',
    );
  });
});

describe('users', () => {
  const withUser = (user: string, name = 'config'): string =>
    write(name, TWO.replace('{token: one-token}', user));

  it('a token is trimmed', () => {
    expect(load([withUser('{token: " padded\\n"}')]).user.token).toBe('padded');
  });

  it('a token file is read from its folder, trimmed, and wins over the token', () => {
    write('deep/token', '\n from-file \n');
    expect(load([withUser('{tokenFile: token}', 'deep/config')]).user.token).toBe('from-file');
    expect(load([withUser('{tokenFile: token, token: old}', 'deep/config')]).user.token).toBe('from-file');
  });

  it('a token file that is not there matters only to its user, who may have a token besides', () => {
    const file = withUser('{tokenFile: /not/there}');
    expect(refusal(() => load([file]))).toBe(
      'the token file /not/there of user "u1" cannot be read: there is no such file or folder.',
    );
    expect(load([file], { context: 'two' }).contextName).toBe('two');
    expect(load([withUser('{tokenFile: /not/there, token: old}')]).user.token).toBe('old');
  });

  it('impersonation comes from the user, flag by flag replaced', () => {
    const file = withUser(
      '{token: t, as: alice, as-uid: "7", as-groups: [g1, g2], as-user-extra: {"example.org/scope": [a, b]}}',
    );
    expect(load([file]).impersonation).toEqual({
      'Impersonate-User': 'alice',
      'Impersonate-Uid': '7',
      'Impersonate-Group': ['g1', 'g2'],
      'Impersonate-Extra-example.org%2Fscope': ['a', 'b'],
    });
    expect(load([file], { as: 'bob', asGroup: ['g3'], asUid: '8' }).impersonation).toMatchObject({
      'Impersonate-User': 'bob',
      'Impersonate-Uid': '8',
      'Impersonate-Group': ['g3'],
    });
    expect(load([file], { token: 'mine' }).impersonation).toMatchObject({ 'Impersonate-User': 'alice' });
    expect(load([write('plain', TWO)]).impersonation).toEqual({});
  });

  it.each([
    ['with a slash is meant from the folder', './bin/login', 'deep/bin/login'],
    ['deep below', 'a/b', 'deep/a/b'],
    ['above', '../login', 'login'],
  ])('a plugin command %s', (_what, command, expected) => {
    const file = withUser(`{exec: {command: ${command}, apiVersion: v}}`, 'deep/config');
    expect(load([file]).user.exec?.command).toBe(join(folder, expected));
  });

  it.each(['login', '/opt/login'])('a plugin command that is left as it is: %s', (command) => {
    expect(load([withUser(`{exec: {command: ${command}}}`)]).user.exec?.command).toBe(command);
  });

  it('reads a whole plugin', () => {
    const file = withUser(`{exec: {
        apiVersion: client.authentication.k8s.io/v1beta1,
        command: login,
        args: [get, 7],
        env: [{name: A, value: b}, {name: EMPTY}],
        installHint: "get it there\\n",
        provideClusterInfo: true,
        interactiveMode: Never}}`);
    expect(load([file]).user.exec).toEqual({
      apiVersion: 'client.authentication.k8s.io/v1beta1',
      command: 'login',
      args: ['get', '7'],
      env: [
        { name: 'A', value: 'b' },
        { name: 'EMPTY', value: '' },
      ],
      installHint: 'get it there',
      provideClusterInfo: true,
      interactiveMode: 'Never',
    });
  });

  it('takes null for no arguments and no environment', () => {
    const { exec } = load([withUser('{exec: {command: login, args: null, env: null}}')]).user;
    expect([exec?.args, exec?.env, exec?.interactiveMode]).toEqual([[], [], 'IfAvailable']);
  });
});
