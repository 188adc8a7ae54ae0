/**
 * One kubeconfig file as data, as client-go reads it (k8s.io/client-go/tools/clientcmd/api/v1): relative paths are
 * meant from the file's own folder, and an entry that lacks something is nobody's problem until it is chosen.
 * client-node's reader is not used: one such entry makes it refuse the whole file, an empty file makes it crash, and it
 * knows neither `tokenFile` nor the groups to impersonate.
 */
import { dirname, isAbsolute, join, sep } from 'node:path';
import { YAMLException } from 'js-yaml';
import { UserError } from '../model/errors.ts';
import { firstDocument } from './first-document.ts';
import { readText } from './read-text.ts';

/** A cluster entry, with the names that client-node gives its fields. */
export interface KubeCluster {
  readonly name: string;
  /** May be empty. */
  readonly server: string;
  readonly skipTLSVerify: boolean;
  readonly caFile: string | undefined;
  /** Base64. */
  readonly caData: string | undefined;
  readonly tlsServerName: string | undefined;
  readonly proxyUrl: string | undefined;
  /** What the cluster has to say to a credential plugin: its extension `client.authentication.k8s.io/exec`. */
  readonly pluginConfig: unknown;
}

/** A user entry, with the names that client-node gives its fields. */
export interface KubeUser {
  readonly name: string;
  readonly certFile?: string | undefined;
  readonly certData?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly keyData?: string | undefined;
  readonly token?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly authProvider?: unknown;
  readonly exec?: ExecPlugin | undefined;
  readonly impersonation: Impersonation;
}

/** A context entry. */
export interface KubeContext {
  readonly name: string;
  readonly cluster: string | undefined;
  readonly user: string | undefined;
  readonly namespace: string | undefined;
}

/** As whom to act. */
export interface Impersonation {
  readonly user?: string | undefined;
  readonly uid?: string | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly extra?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** A program that prints the user's credential. */
export interface ExecPlugin {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: ReadonlyArray<{ readonly name: string; readonly value: string }>;
  readonly apiVersion: string;
  /** What to tell the user when the program is not there. */
  readonly installHint: string | undefined;
  readonly provideClusterInfo: boolean;
  readonly interactiveMode: 'Never' | 'IfAvailable' | 'Always';
}

/** What one file, or several merged, hold; the first entry of a name counts. */
export interface Kubeconfig {
  readonly clusters: ReadonlyMap<string, KubeCluster>;
  readonly users: ReadonlyMap<string, KubeUser>;
  readonly contexts: ReadonlyMap<string, KubeContext>;
  readonly currentContext: string | undefined;
}

/**
 * Reads a file.
 * @throws {UserError} exit 3: it cannot be read or is not a kubeconfig
 */
export function readKubeconfig(file: string): Kubeconfig {
  let content: unknown;
  try {
    // An empty file has no document at all, and that is fine.
    content = firstDocument(readText(file));
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`the kubeconfig ${file} cannot be read: ${reasonOf(error)}.`, 3);
  }
  if (content !== undefined && content !== null && (typeof content !== 'object' || Array.isArray(content))) {
    throw new UserError(`the kubeconfig ${file} cannot be read: it is not a mapping.`, 3);
  }
  const root = fields(content);
  const folder = dirname(file);
  return {
    clusters: entries(root['clusters'], 'cluster', (name, raw) => clusterOf(name, raw, folder)),
    users: entries(root['users'], 'user', (name, raw) => userOf(name, raw, folder)),
    contexts: entries(root['contexts'], 'context', contextOf),
    currentContext: text(root['current-context']),
  };
}

/** YAML takes `token: !x` for a tag and `*x` for an alias and quotes it: that may be a password without its quotes. */
function reasonOf(error: unknown): string {
  if (error instanceof YAMLException) {
    const reason = error.reason.replace(/\s*(?:".*"|!<.*>|: .*$)/s, '');
    const { mark } = error;
    return mark === undefined ? reason : `${reason} (${mark.line + 1}:${mark.column + 1})`;
  }
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
}

/** Merges files, the first one first. */
export function mergeKubeconfigs(files: readonly Kubeconfig[]): Kubeconfig {
  // Of two entries with one key, a Map keeps the last.
  const all = files.toReversed();
  return {
    clusters: new Map(all.flatMap((file) => [...file.clusters])),
    users: new Map(all.flatMap((file) => [...file.users])),
    contexts: new Map(all.flatMap((file) => [...file.contexts])),
    currentContext: files.find((file) => file.currentContext !== undefined)?.currentContext,
  };
}

type Fields = Readonly<Record<string, unknown>>;

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** A name that looks like a number is a number to YAML. */
function text(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function texts(value: unknown): string[] {
  return list(value).flatMap((one) => text(one) ?? []);
}

function entries<T>(value: unknown, key: string, read: (name: string, raw: Fields) => T): Map<string, T> {
  const found = new Map<string, T>();
  for (const entry of list(value).map(fields)) {
    const name = text(entry['name']);
    if (name !== undefined && !found.has(name)) found.set(name, read(name, fields(entry[key])));
  }
  return found;
}

function pathFrom(folder: string, value: unknown): string | undefined {
  const file = text(value);
  return file === undefined || isAbsolute(file) ? file : join(folder, file);
}

function clusterOf(name: string, raw: Fields, folder: string): KubeCluster {
  const extension = list(raw['extensions'])
    .map(fields)
    .find((one) => one['name'] === 'client.authentication.k8s.io/exec');
  return {
    name,
    server: text(raw['server']) ?? '',
    skipTLSVerify: raw['insecure-skip-tls-verify'] === true,
    caFile: pathFrom(folder, raw['certificate-authority']),
    caData: text(raw['certificate-authority-data']),
    tlsServerName: text(raw['tls-server-name']),
    proxyUrl: text(raw['proxy-url']),
    pluginConfig: extension?.['extension'],
  };
}

function userOf(name: string, raw: Fields, folder: string): KubeUser {
  const extra = Object.entries(fields(raw['as-user-extra'])).map(([key, value]) => [key, texts(value)]);
  return {
    name,
    certFile: pathFrom(folder, raw['client-certificate']),
    certData: text(raw['client-certificate-data']),
    keyFile: pathFrom(folder, raw['client-key']),
    keyData: text(raw['client-key-data']),
    token: text(raw['token'])?.trim(),
    tokenFile: pathFrom(folder, raw['tokenFile']),
    username: text(raw['username']),
    password: text(raw['password']),
    authProvider: raw['auth-provider'] ?? undefined,
    exec: pluginOf(fields(raw['exec']), folder),
    impersonation: {
      user: text(raw['as']),
      uid: text(raw['as-uid']),
      groups: texts(raw['as-groups']),
      extra: Object.fromEntries(extra),
    },
  };
}

function contextOf(name: string, raw: Fields): KubeContext {
  return {
    name,
    cluster: text(raw['cluster']),
    user: text(raw['user']),
    namespace: text(raw['namespace']),
  };
}

function pluginOf(raw: Fields, folder: string): ExecPlugin | undefined {
  const command = text(raw['command']);
  if (command === undefined) return undefined;
  const mode = raw['interactiveMode'];
  return {
    // A bare name is looked for in PATH; one with a slash is meant from the kubeconfig's folder.
    command: command.includes(sep) && !isAbsolute(command) ? join(folder, command) : command,
    args: texts(raw['args']),
    env: list(raw['env']).map((one) => {
      const { name, value } = fields(one);
      return { name: text(name) ?? '', value: text(value) ?? '' };
    }),
    apiVersion: text(raw['apiVersion']) ?? 'client.authentication.k8s.io/v1',
    installHint: text(raw['installHint'])?.trim(),
    provideClusterInfo: raw['provideClusterInfo'] === true,
    interactiveMode: mode === 'Never' || mode === 'Always' ? mode : 'IfAvailable',
  };
}
