/**
 * From kubectl's connection flags and KUBECONFIG to one cluster, user and namespace, merged as client-go does it
 * (k8s.io/client-go/tools/clientcmd): missing files are skipped, the first file that names a thing wins.
 */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join, resolve, sep } from 'node:path';
import { type Cluster, KubeConfig, type User } from '@kubernetes/client-node';
import type { ConnectionFlags } from '../model/args.ts';
import { UserError } from '../model/errors.ts';
import { proxyFor } from './proxy.ts';

const IN_CLUSTER_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** A kubeconfig with the flags applied: `config`'s current context is the one to use. */
export interface LoadedConfig {
  readonly config: KubeConfig;
  readonly contextName: string;
  /** `-n`, else the context's, else `default`. */
  readonly namespace: string;
  /** The API server's base URL; it may have a path (a management proxy) and never ends in a slash. */
  readonly server: URL;
  /** Impersonation headers of `--as`, `--as-group` and `--as-uid`, or of the kubeconfig's user. */
  readonly impersonation: Readonly<Record<string, string | readonly string[]>>;
}

/**
 * Loads the configuration.
 * @throws {UserError} exit 3: no usable configuration, with what is missing
 */
export function loadConfig(flags: ConnectionFlags, env: NodeJS.ProcessEnv = process.env): LoadedConfig {
  const merged = mergeFiles(flags, env);
  const contextName = flags.context ?? merged.getCurrentContext() ?? '';
  const context = merged.getContextObject(contextName);
  if (!context && flags.context !== undefined) {
    const known = merged.getContexts().map((c) => c.name);
    throw new UserError(
      `context "${flags.context}" is not in the kubeconfig${known.length > 0 ? ` (it has: ${known.join(', ')})` : ''}.`,
      3,
    );
  }
  const cluster = chooseCluster(merged, flags, context?.cluster, env);
  const user = chooseUser(merged, flags, context?.user);
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [cluster],
    users: [user],
    contexts: [{ name: 'nettools', cluster: cluster.name, user: user.name }],
    currentContext: 'nettools',
  });
  return {
    config,
    contextName,
    namespace: flags.namespace ?? (context?.namespace || 'default'),
    server: new URL(cluster.server),
    impersonation: impersonation(flags),
  };
}

/** The names of all contexts of the kubeconfig, for completion. */
export function contextNames(flags: ConnectionFlags, env: NodeJS.ProcessEnv = process.env): string[] {
  return mergeFiles(flags, env)
    .getContexts()
    .map((context) => context.name);
}

function mergeFiles(flags: ConnectionFlags, env: NodeJS.ProcessEnv): KubeConfig {
  const merged = new KubeConfig();
  const explicit = flags.kubeconfig;
  if (explicit !== undefined && !existsSync(explicit)) {
    throw new UserError(`the kubeconfig ${explicit} does not exist.`, 3);
  }
  const fromEnv = (env['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
  const files =
    explicit !== undefined ? [explicit] : fromEnv.length > 0 ? fromEnv : [join(homedir(), '.kube', 'config')];
  let current: string | undefined;
  for (const file of files.filter((f) => existsSync(f))) {
    const one = loadFile(resolve(file));
    current ??= one.getCurrentContext() || undefined;
    for (const c of one.getClusters()) if (!merged.getCluster(c.name)) merged.addCluster(c);
    for (const u of one.getUsers()) if (!merged.getUser(u.name)) merged.addUser(u);
    for (const c of one.getContexts()) if (!merged.getContextObject(c.name)) merged.addContext(c);
  }
  if (merged.getClusters().length === 0 && flags.server === undefined && explicit === undefined) {
    // Inside a pod, kubectl falls back to the ServiceAccount that is mounted there.
    if (fromEnv.length === 0 && env['KUBERNETES_SERVICE_HOST'] && existsSync(IN_CLUSTER_TOKEN)) {
      merged.loadFromCluster();
      return merged;
    }
  }
  if (current !== undefined) merged.setCurrentContext(current);
  return merged;
}

function loadFile(file: string): KubeConfig {
  const config = new KubeConfig();
  try {
    config.loadFromFile(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new UserError(`the kubeconfig ${file} cannot be read: ${reason}.`, 3);
  }
  const directory = dirname(file);
  for (const user of config.getUsers()) {
    const command: unknown = user.exec?.command;
    // client-go resolves a plugin's command that has a slash and is relative against the kubeconfig's folder.
    if (typeof command === 'string' && command.includes(sep) && !isAbsolute(command)) {
      user.exec.command = join(directory, command);
    }
  }
  return config;
}

function chooseCluster(
  merged: KubeConfig,
  flags: ConnectionFlags,
  fromContext: string | undefined,
  env: NodeJS.ProcessEnv,
): Cluster {
  const name = flags.cluster ?? fromContext;
  const found = name === undefined ? null : merged.getCluster(name);
  if (flags.cluster !== undefined && !found) {
    throw new UserError(`cluster "${flags.cluster}" is not in the kubeconfig.`, 3);
  }
  const server = (flags.server ?? found?.server)?.replace(/\/+$/, '');
  if (server === undefined) {
    throw new UserError(
      'no cluster to talk to: set KUBECONFIG, or choose one with --kubeconfig, --context or --server.',
      3,
    );
  }
  let url: URL;
  try {
    url = new URL(server.includes('://') ? server : `http://${server}`);
  } catch {
    throw new UserError(`the API server's address "${server}" is not a URL.`, 3);
  }
  const insecure = flags.insecureSkipTlsVerify ?? found?.skipTLSVerify ?? false;
  const tlsServerName = flags.tlsServerName ?? found?.tlsServerName;
  const proxyUrl = found?.proxyUrl ?? proxyFor(url, env);
  const caFile = flags.certificateAuthority ?? found?.caFile;
  return {
    name: found?.name ?? 'from-flags',
    server: url.href.replace(/\/+$/, ''),
    // client-node refuses plain http unless verification is off; there is nothing to verify there.
    skipTLSVerify: insecure || url.protocol === 'http:',
    ...(caFile !== undefined ? { caFile } : {}),
    ...(flags.certificateAuthority === undefined && found?.caData !== undefined
      ? { caData: found.caData }
      : {}),
    ...(tlsServerName !== undefined ? { tlsServerName } : {}),
    ...(proxyUrl !== undefined ? { proxyUrl } : {}),
  };
}

function chooseUser(merged: KubeConfig, flags: ConnectionFlags, fromContext: string | undefined): User {
  const name = flags.user ?? fromContext;
  const found = name === undefined ? null : merged.getUser(name);
  if (flags.user !== undefined && !found) {
    throw new UserError(`user "${flags.user}" is not in the kubeconfig.`, 3);
  }
  const base: User = { ...(found ?? { name: 'from-flags' }) };
  const mutable = base as { -readonly [K in keyof User]: User[K] };
  if (flags.token !== undefined) {
    // A token given on the command line replaces whatever the kubeconfig would authenticate with.
    return { name: base.name, token: flags.token.trim() };
  }
  if (typeof mutable.token === 'string') mutable.token = mutable.token.trim();
  if (flags.clientCertificate !== undefined) mutable.certFile = flags.clientCertificate;
  if (flags.clientKey !== undefined) mutable.keyFile = flags.clientKey;
  if (mutable.exec) mutable.exec = withExecInfo(mutable.exec);
  return base;
}

/** Exec plugins of v1 read the protocol's version from KUBERNETES_EXEC_INFO, which client-node does not set. */
function withExecInfo(exec: {
  apiVersion?: string;
  env?: { name: string; value: string }[] | null;
}): unknown {
  const info = {
    kind: 'ExecCredential',
    apiVersion: exec.apiVersion ?? 'client.authentication.k8s.io/v1',
    spec: { interactive: false },
  };
  return {
    ...exec,
    env: [...(exec.env ?? []), { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }],
  };
}

function impersonation(flags: ConnectionFlags): Record<string, string | readonly string[]> {
  const headers: Record<string, string | readonly string[]> = {};
  if (flags.as !== undefined) headers['Impersonate-User'] = flags.as;
  if (flags.asGroup !== undefined && flags.asGroup.length > 0) headers['Impersonate-Group'] = flags.asGroup;
  if (flags.asUid !== undefined) headers['Impersonate-Uid'] = flags.asUid;
  return headers;
}
