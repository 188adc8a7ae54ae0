/**
 * From kubectl's connection flags and KUBECONFIG to one cluster, user and namespace, merged as client-go does it
 * (k8s.io/client-go/tools/clientcmd): missing files are skipped, the first file that names a thing wins.
 */

import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import type { ConnectionFlags } from '../model/args.ts';
import { UserError } from '../model/errors.ts';
import { fileReason } from '../model/file-reason.ts';
import { socketAddress } from '../model/socket-address.ts';
import {
  type Impersonation,
  type KubeCluster,
  type KubeContext,
  type Kubeconfig,
  type KubeUser,
  mergeKubeconfigs,
  readKubeconfig,
} from './kubeconfig-file.ts';
import { proxyFor } from './proxy.ts';

/** Where a pod finds its ServiceAccount. */
const ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/** A kubeconfig with the flags applied. */
export interface LoadedConfig {
  readonly cluster: KubeCluster;
  /** As the kubeconfig has it: a credential plugin has not been run, a token file has been read. */
  readonly user: KubeUser;
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
  const merged = loadFiles(flags, env);
  const context = chooseContext(merged, flags);
  const cluster = chooseCluster(merged, flags, context, env);
  const user = chooseUser(merged, flags, context);
  return {
    cluster,
    user,
    contextName: context?.name ?? '',
    namespace: flags.namespace ?? context?.namespace ?? 'default',
    server: new URL(cluster.server),
    impersonation: impersonationHeaders({
      user: flags.as ?? user.impersonation.user,
      uid: flags.asUid ?? user.impersonation.uid,
      groups: flags.asGroup ?? user.impersonation.groups,
      extra: user.impersonation.extra,
    }),
  };
}

/** The names of all contexts of the kubeconfig, for completion. */
export function contextNames(flags: ConnectionFlags, env: NodeJS.ProcessEnv = process.env): string[] {
  return [...loadFiles(flags, env).contexts.keys()];
}

/** The names of the context and of the cluster that the flags choose, as far as they are known. */
export function chosenNames(flags: ConnectionFlags, env: NodeJS.ProcessEnv = process.env): string[] {
  try {
    const merged = loadFiles(flags, env);
    const context = flags.context ?? merged.currentContext;
    const cluster =
      flags.cluster ?? (context === undefined ? undefined : merged.contexts.get(context)?.cluster);
    return [context, cluster].filter((name) => name !== undefined);
  } catch {
    // Whoever connects will say what is wrong with the kubeconfig.
    return [];
  }
}

function loadFiles(flags: ConnectionFlags, env: NodeJS.ProcessEnv): Kubeconfig {
  const explicit = flags.kubeconfig;
  if (explicit !== undefined && !existsSync(explicit)) {
    throw new UserError(`the kubeconfig ${explicit} does not exist.`, 3);
  }
  const fromEnv = (env['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
  const files =
    explicit !== undefined ? [explicit] : fromEnv.length > 0 ? fromEnv : [join(homedir(), '.kube', 'config')];
  const merged = mergeKubeconfigs(
    files.filter((file) => existsSync(file)).map((file) => readKubeconfig(resolve(file))),
  );
  const isSilent = merged.clusters.size === 0 && flags.server === undefined;
  // Inside a pod, kubectl falls back to the ServiceAccount that is mounted there.
  const account = explicit === undefined && fromEnv.length === 0 && isSilent ? podAccount(env) : undefined;
  return account ?? merged;
}

function podAccount(env: NodeJS.ProcessEnv): Kubeconfig | undefined {
  const host = env['KUBERNETES_SERVICE_HOST'];
  if (host === undefined || !existsSync(join(ACCOUNT_FOLDER, 'token'))) return undefined;
  const name = 'in-cluster';
  const cluster: KubeCluster = {
    name,
    server: `https://${socketAddress(host, env['KUBERNETES_SERVICE_PORT'] ?? '443')}`,
    skipTLSVerify: false,
    caFile: join(ACCOUNT_FOLDER, 'ca.crt'),
    caData: undefined,
    tlsServerName: undefined,
    proxyUrl: undefined,
    pluginConfig: undefined,
  };
  const namespaceFile = join(ACCOUNT_FOLDER, 'namespace');
  const namespace = existsSync(namespaceFile) ? readFileSync(namespaceFile, 'utf8').trim() : undefined;
  return {
    clusters: new Map([[name, cluster]]),
    users: new Map([[name, { name, tokenFile: join(ACCOUNT_FOLDER, 'token'), impersonation: {} }]]),
    contexts: new Map([[name, { name, cluster: name, user: name, namespace }]]),
    currentContext: name,
  };
}

function chooseContext(merged: Kubeconfig, flags: ConnectionFlags): KubeContext | undefined {
  const name = flags.context ?? merged.currentContext;
  const context = name === undefined ? undefined : merged.contexts.get(name);
  if (context !== undefined || name === undefined) return context;
  // A server or a cluster that was named needs no context.
  if (flags.context === undefined && (flags.server ?? flags.cluster) !== undefined) return undefined;
  const known = [...merged.contexts.keys()];
  const list = known.length > 0 ? ` (it has: ${known.join(', ')})` : '';
  const current = flags.context === undefined ? ', its current one,' : '';
  throw new UserError(`context "${name}"${current} is not in the kubeconfig${list}.`, 3);
}

function chooseCluster(
  merged: Kubeconfig,
  flags: ConnectionFlags,
  context: KubeContext | undefined,
  env: NodeJS.ProcessEnv,
): KubeCluster {
  const name = flags.cluster ?? context?.cluster;
  const found = name === undefined ? undefined : merged.clusters.get(name);
  if (!found && (flags.cluster ?? flags.server) === undefined && name !== undefined) {
    throw new UserError(`cluster "${name}" of context "${context?.name}" is not in the kubeconfig.`, 3);
  }
  if (!found && flags.cluster !== undefined) {
    throw new UserError(`cluster "${flags.cluster}" is not in the kubeconfig.`, 3);
  }
  const server = flags.server ?? found?.server ?? '';
  if (server === '') {
    throw new UserError(
      found
        ? `cluster "${found.name}" of the kubeconfig has no server.`
        : 'no cluster configured: set KUBECONFIG, or choose one with --kubeconfig, --context or --server.',
      3,
      { hint: 'Without a cluster: a Docker container is named docker://NAME, and this machine local.' },
    );
  }
  const url = asUrl(server, "the API server's address");
  const proxyUrl = found?.proxyUrl ?? proxyFor(url, env);
  if (proxyUrl !== undefined) asUrl(proxyUrl, "the proxy's address");
  return {
    name: found?.name ?? 'from-flags',
    server: url.href.replace(/\/+$/, ''),
    // client-node refuses plain http unless verification is off; there is nothing to verify there.
    skipTLSVerify: (flags.insecureSkipTlsVerify ?? found?.skipTLSVerify ?? false) || url.protocol === 'http:',
    caFile: flags.certificateAuthority ?? found?.caFile,
    caData: flags.certificateAuthority === undefined ? found?.caData : undefined,
    tlsServerName: flags.tlsServerName ?? found?.tlsServerName,
    proxyUrl,
    pluginConfig: found?.pluginConfig,
  };
}

function asUrl(text: string, what: string): URL {
  try {
    return new URL(text.includes('://') ? text : `http://${text}`);
  } catch {
    // It may hold a name and a password: before an @, or, where that is missing, in place of the port.
    const shown = text
      .replace(/^(\w[\w+.-]*:\/\/)?.*@/s, '$1')
      .replace(/^((?:\w[\w+.-]*:\/\/)?[^:/[]*:)(?!\d*(?:\/|$)).*$/s, '$1…');
    throw new UserError(`${what} "${shown}" is not a URL.`, 3);
  }
}

function chooseUser(merged: Kubeconfig, flags: ConnectionFlags, context: KubeContext | undefined): KubeUser {
  const name = flags.user ?? context?.user;
  const found = name === undefined ? undefined : merged.users.get(name);
  if (!found && flags.user !== undefined) {
    throw new UserError(`user "${flags.user}" is not in the kubeconfig.`, 3);
  }
  const { impersonation } = found ?? { impersonation: {} };
  if (flags.token !== undefined) {
    // A token given on the command line replaces whatever the kubeconfig would authenticate with.
    return { name: found?.name ?? 'from-flags', token: flags.token.trim(), impersonation };
  }
  if (!found && name !== undefined && flags.clientCertificate === undefined) {
    throw new UserError(`user "${name}" of context "${context?.name}" is not in the kubeconfig.`, 3);
  }
  return {
    ...found,
    name: found?.name ?? 'from-flags',
    impersonation,
    certFile: flags.clientCertificate ?? found?.certFile,
    keyFile: flags.clientKey ?? found?.keyFile,
    token: found?.tokenFile === undefined ? found?.token : readToken(found, found.tokenFile),
  };
}

/** As in client-go, the file's token wins over the one beside it, which is the last resort. */
function readToken(user: KubeUser, file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (user.token !== undefined) return user.token;
    throw new UserError(
      `the token file ${file} of user "${user.name}" cannot be read: ${fileReason(error)}.`,
      3,
    );
  }
}

function impersonationHeaders(as: Impersonation): Record<string, string | readonly string[]> {
  const headers: Record<string, string | readonly string[]> = {};
  if (as.user !== undefined) headers['Impersonate-User'] = as.user;
  if (as.groups !== undefined && as.groups.length > 0) headers['Impersonate-Group'] = as.groups;
  if (as.uid !== undefined) headers['Impersonate-Uid'] = as.uid;
  for (const [key, values] of Object.entries(as.extra ?? {})) {
    headers[`Impersonate-Extra-${encodeURIComponent(key)}`] = values;
  }
  return headers;
}
