/**
 * Runs a kubeconfig user's credential plugin and reads the ExecCredential that it prints (client.authentication.k8s.io,
 * https://kubernetes.io/docs/reference/config-api/client-authentication.v1/). client-node's own runner is not used: it
 * swallows what the plugin says on stderr, such as where to log in, leaves its stdin open and silent, so that a plugin
 * that asks waits for ever, and tells it nothing about the cluster.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { UserError } from '../model/errors.ts';
import type { ExecPlugin, KubeCluster } from './kubeconfig-file.ts';

/** More than any token or certificate. */
const MAX_OUTPUT = 1024 * 1024;

/** What the plugin gave: a token, a client certificate with its key (base64 of PEM), or both. */
export interface Credential {
  readonly token?: string | undefined;
  readonly certData?: string | undefined;
  readonly keyData?: string | undefined;
}

/**
 * Runs the plugin; its stderr is this process's, and so is its stdin where that is a terminal and it may ask.
 * @throws {UserError} exit 3: it is not there, failed, or printed no credential
 */
export async function execCredential(
  plugin: ExecPlugin,
  cluster: KubeCluster,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Credential> {
  const interactive = plugin.interactiveMode !== 'Never' && process.stdin.isTTY === true;
  if (plugin.interactiveMode === 'Always' && !interactive) {
    throw new UserError(`the credential plugin "${plugin.command}" needs a terminal to ask on.`, 3);
  }
  const info = {
    kind: 'ExecCredential',
    apiVersion: plugin.apiVersion,
    spec: { interactive, ...(plugin.provideClusterInfo ? { cluster: clusterInfo(cluster) } : {}) },
  };
  const own = Object.fromEntries(plugin.env.map(({ name, value }) => [name, value]));
  const output = await run(plugin, interactive, {
    ...env,
    ...own,
    KUBERNETES_EXEC_INFO: JSON.stringify(info),
  });
  return readCredential(plugin, output);
}

function run(plugin: ExecPlugin, interactive: boolean, env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(plugin.command, plugin.args, {
      env,
      stdio: [interactive ? 'inherit' : 'ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      if (output.length > MAX_OUTPUT) child.kill();
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      const what = error.code === 'ENOENT' ? 'is not there' : `cannot be run (${error.code})`;
      reject(
        new UserError(`the kubeconfig's credential plugin "${plugin.command}" ${what}.`, 3, {
          cause: error,
          ...(plugin.installHint === undefined ? {} : { hint: plugin.installHint }),
        }),
      );
    });
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(output);
      const how = code === null ? `was ended by ${signal}` : `failed with exit code ${code}`;
      reject(new UserError(`the kubeconfig's credential plugin "${plugin.command}" ${how}.`, 3));
    });
  });
}

interface ExecCredential {
  readonly kind?: unknown;
  readonly apiVersion?: unknown;
  readonly status?: { readonly [field: string]: unknown } | null;
}

function readCredential(plugin: ExecPlugin, output: string): Credential {
  const wrong = (what: string): UserError =>
    new UserError(`the kubeconfig's credential plugin "${plugin.command}" printed ${what}.`, 3);
  const printed = parse(output);
  if (printed?.kind !== 'ExecCredential') throw wrong('no ExecCredential');
  if (printed.apiVersion !== plugin.apiVersion) {
    throw wrong(`an ExecCredential of ${printed.apiVersion}, the kubeconfig expects ${plugin.apiVersion}`);
  }
  const { token, clientCertificateData, clientKeyData } = printed.status ?? {};
  const base64 = (pem: unknown): string | undefined =>
    typeof pem === 'string' && pem !== '' ? Buffer.from(pem).toString('base64') : undefined;
  const credential = {
    token: typeof token === 'string' && token !== '' ? token.trim() : undefined,
    certData: base64(clientCertificateData),
    keyData: base64(clientKeyData),
  };
  if ((credential.certData === undefined) !== (credential.keyData === undefined)) {
    throw wrong('a client certificate without its key, or a key without its certificate');
  }
  if (credential.token === undefined && credential.certData === undefined) throw wrong('no credential');
  return credential;
}

function parse(output: string): ExecCredential | undefined {
  try {
    const value: unknown = JSON.parse(output);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The cluster as `spec.cluster` describes it. */
function clusterInfo(cluster: KubeCluster): object {
  return {
    server: cluster.server,
    'tls-server-name': cluster.tlsServerName,
    'insecure-skip-tls-verify': cluster.skipTLSVerify || undefined,
    'certificate-authority-data':
      cluster.caFile === undefined ? cluster.caData : readFileSync(cluster.caFile).toString('base64'),
    'proxy-url': cluster.proxyUrl,
    config: cluster.pluginConfig,
  };
}
