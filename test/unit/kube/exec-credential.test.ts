import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { execCredential } from '../../../src/kube/exec-credential.ts';
import type { ExecPlugin, KubeCluster } from '../../../src/kube/kubeconfig-file.ts';
import { adviceText } from '../../../src/model/advice.ts';
import { UserError } from '../../../src/model/errors.ts';

/** Ends a wait for what does not come. */
const WAIT = { timeout: 15_000 } as const;
const API = 'client.authentication.k8s.io/v1';
const cluster: KubeCluster = {
  name: 'c',
  server: 'https://x.example',
  skipTLSVerify: false,
  caFile: undefined,
  caData: 'QUJD',
  tlsServerName: 'kubernetes',
  proxyUrl: undefined,
  pluginConfig: { audience: 'a' },
};

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plugin-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** A plugin that is this shell script. */
function plugin(script: string, more: Partial<ExecPlugin> = {}): ExecPlugin {
  const command = join(folder, 'login');
  writeFileSync(command, `#!/bin/sh\n${script}\n`);
  chmodSync(command, 0o755);
  return {
    command,
    args: [],
    env: [],
    apiVersion: API,
    installHint: undefined,
    provideClusterInfo: false,
    interactiveMode: 'IfAvailable',
    ...more,
  };
}

const printing = (status: object, apiVersion = API): string =>
  `echo '${JSON.stringify({ kind: 'ExecCredential', apiVersion, status })}'`;

async function refusal(promise: Promise<unknown>): Promise<UserError> {
  const error: unknown = await promise.then(
    (value) => expect.fail(`gave ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof UserError)) return expect.fail(String(error));
  expect(error.exitCode).toBe(3);
  expect(error.message).toMatch(/^[^\n]+\.$/);
  return error;
}

describe('a credential plugin', () => {
  it('gives a token', async () => {
    expect(await execCredential(plugin(printing({ token: ' t ' })), cluster)).toEqual({ token: 't' });
  });

  it('gives a client certificate, which client-node wants in base64', async () => {
    const status = { clientCertificateData: 'CERT', clientKeyData: 'KEY' };
    expect(await execCredential(plugin(printing(status)), cluster)).toEqual({
      certData: Buffer.from('CERT').toString('base64'),
      keyData: Buffer.from('KEY').toString('base64'),
    });
  });

  it('gets its arguments and its environment beside ours', async () => {
    const script = `printf '{"kind":"ExecCredential","apiVersion":"${API}","status":{"token":"%s-%s-%s-%s"}}' "$1" "$2" "$MINE" "$OURS"`;
    const own = { args: ['a b', '$HOME'], env: [{ name: 'MINE', value: 'x' }] };
    const env = { PATH: process.env['PATH'], MINE: 'overridden', OURS: 'y' };
    expect(await execCredential(plugin(script, own), cluster, { env })).toEqual({ token: 'a b-$HOME-x-y' });
  });

  /** What a plugin finds in KUBERNETES_EXEC_INFO. */
  async function info(more: Partial<ExecPlugin>): Promise<unknown> {
    const file = join(folder, 'info');
    const script = `printf %s "$KUBERNETES_EXEC_INFO" > '${file}'; ${printing({ token: 't' }, more.apiVersion)}`;
    await execCredential(plugin(script, more), cluster);
    return JSON.parse(readFileSync(file, 'utf8'));
  }

  it('is told the version of the protocol and that nobody is there to ask', async () => {
    const apiVersion = 'client.authentication.k8s.io/v1beta1';
    expect(await info({ apiVersion })).toEqual({
      kind: 'ExecCredential',
      apiVersion,
      spec: { interactive: false },
    });
  });

  it('is told about the cluster where it wants to know', async () => {
    expect(await info({ provideClusterInfo: true })).toEqual({
      kind: 'ExecCredential',
      apiVersion: API,
      spec: {
        interactive: false,
        cluster: {
          server: 'https://x.example',
          'tls-server-name': 'kubernetes',
          'certificate-authority-data': 'QUJD',
          config: { audience: 'a' },
        },
      },
    });
  });

  it('that reads stdin finds it empty instead of waiting', async () => {
    const script = `read -r answer; ${printing({ token: 't' })}`;
    expect(await execCredential(plugin(script), cluster)).toEqual({ token: 't' });
  });

  it('that has to ask is not run without a terminal', async () => {
    const { message } = await refusal(
      execCredential(plugin('exit 9', { interactiveMode: 'Always' }), cluster),
    );
    expect(message).toContain('needs a terminal');
  });

  it('that is not there is named, with the hint how to get it', async () => {
    const missing = { ...plugin(''), command: 'not-installed-login', installHint: 'brew install it' };
    const error = await refusal(execCredential(missing, cluster));
    expect(error.message).toBe(`the kubeconfig's credential plugin "not-installed-login" is not there.`);
    expect(error.hint).toBe('brew install it');
  });

  it('that may not be run is told from one that is not there', async () => {
    const forbidden = plugin('');
    chmodSync(forbidden.command, 0o644);
    expect((await refusal(execCredential(forbidden, cluster))).message).toContain('cannot be run (EACCES)');
  });

  it.each([
    ['fails', 'exit 3', 'failed with exit code 3'],
    ['is killed', 'kill -9 $$', 'was ended by SIGKILL'],
    ['prints nothing', '', 'printed no ExecCredential'],
    ['prints words', 'echo please log in', 'printed no ExecCredential'],
    ['prints another kind', `echo '{"kind":"Status"}'`, 'printed no ExecCredential'],
    ['prints null', 'echo null', 'printed no ExecCredential'],
    ['gives nothing', printing({}), 'printed no credential'],
    ['gives an empty token', printing({ token: '' }), 'printed no credential'],
    ['gives no status', `echo '{"kind":"ExecCredential","apiVersion":"${API}"}'`, 'printed no credential'],
    ['gives a certificate alone', printing({ clientCertificateData: 'C' }), 'without its key'],
    ['speaks another version', printing({ token: 't' }, 'client.authentication.k8s.io/v1beta1'), 'v1beta1'],
    ['tells no time', printing({ token: 't', expirationTimestamp: 'soon' }), 'that is not a time'],
    [
      'never stops',
      'while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done',
      'printed more than 1 MiB, which is not a credential, and was ended',
    ],
    ['leaves the printing to another program', 'yes', 'printed more than 1 MiB'],
    ['will not be ended', `trap '' TERM; yes; while :; do sleep 1; done`, 'printed more than 1 MiB'],
  ])('that %s is told in one sentence', async (_what, script, words) => {
    const { message } = await refusal(execCredential(plugin(script), cluster));
    expect(message).toContain(`credential plugin "${folder}/login"`);
    expect(message).toContain(words);
  });

  it('tells when its credential expires', async () => {
    const status = { token: 't', expirationTimestamp: '2026-01-02T03:04:05Z' };
    expect(await execCredential(plugin(printing(status)), cluster)).toEqual({
      token: 't',
      expiresAt: Date.UTC(2026, 0, 2, 3, 4, 5),
    });
  });

  /** Leaves the waiting to a program of its own, which has its stdout as well. */
  const hanging = (): string => `sleep 600 & echo $! > '${folder}/pid'; wait; ${printing({ token: 't' })}`;
  const pidOf = (): number => Number(readFileSync(join(folder, 'pid'), 'utf8'));
  const isThere = (): boolean => existsSync(join(folder, 'pid')) && pidOf() > 0;

  it('that hangs where nobody is there is ended, and named', async () => {
    const { message, hint } = await refusal(
      execCredential(plugin(hanging()), cluster, { unattendedLimitMs: 500 }),
    );
    expect(message).toBe(
      `the kubeconfig's credential plugin "${folder}/login" did not finish within 0.5 s and was ended.`,
    );
    expect(adviceText(hint ?? '')).toContain('--request-timeout');
    await vi.waitUntil(() => !isThere() || !isRunning(pidOf()), WAIT);
  });

  it('that will not be ended is killed', async () => {
    const stubborn = `trap '' TERM; echo $$ > '${folder}/pid'; yes; while :; do sleep 1; done`;
    expect((await refusal(execCredential(plugin(stubborn), cluster))).message).toContain('was ended');
    try {
      await vi.waitUntil(() => !isRunning(pidOf()), WAIT);
    } finally {
      if (isRunning(pidOf())) process.kill(pidOf(), 'SIGKILL');
    }
  });

  it('that hangs ends with the reason of an abort, and so does what it has started', async () => {
    const abort = new AbortController();
    const reason = new Error('Ctrl-C');
    const { signal } = abort;
    const promise = execCredential(plugin(hanging()), cluster, { signal, unattendedLimitMs: 0 });
    await vi.waitUntil(isThere, WAIT);
    abort.abort(reason);
    await expect(promise).rejects.toBe(reason);
    await vi.waitUntil(() => !isRunning(pidOf()), WAIT);
  });

  it('that hangs is what a time limit says it waited for', async () => {
    const abort = new AbortController();
    const waitingFor = (what: string): UserError => new UserError(`time is up: waiting for ${what}.`, 3);
    const promise = execCredential(plugin(hanging()), cluster, {
      signal: abort.signal,
      unattendedLimitMs: 0,
    });
    await vi.waitUntil(isThere, WAIT);
    abort.abort(new UserError('time is up: looking for the target.', 3, { waitingFor }));
    await expect(promise).rejects.toMatchObject({
      message: `time is up: waiting for the kubeconfig's credential plugin "${folder}/login".`,
    });
    await vi.waitUntil(() => !isRunning(pidOf()), WAIT);
  });

  it('is not even started after an abort', async () => {
    const reason = new Error('Ctrl-C');
    const file = join(folder, 'started');
    const signal = AbortSignal.abort(reason);
    await expect(execCredential(plugin(`: > '${file}'`), cluster, { signal })).rejects.toBe(reason);
    expect(existsSync(file)).toBe(false);
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

// /proc tells it.
it.runIf(process.platform === 'linux').each([
  ['a pipe for each', '2>&3 | cat'],
  ['one pipe', '2>&1 | cat'],
])("leaves this process's outputs as they were: they do not block (%s)", async (_name, redirection) => {
  const { command } = plugin(printing({ token: 't' }));
  const child = fileURLToPath(new URL('./plugin-child.ts', import.meta.url));
  const script = `{ "$0" "$1" "$2" ${redirection}; } 3>&2`;
  const { stdout } = await promisify(execFile)('sh', ['-c', script, process.execPath, child, command]);
  expect(stdout).toBe('false false false false\n'.repeat(3));
});
