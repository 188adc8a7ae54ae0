/** From a kubeconfig's user and cluster to what carries requests: TLS material and proxy in an agent, and headers. */
import type http from 'node:http';
import type https from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { UserError } from '../model/errors.ts';
import { trustNodesRoots } from '../tls/roots.ts';
import type { Credential } from './exec-credential.ts';
import type { LoadedConfig } from './kubeconfig.ts';

/** Header values as node:http takes them; a list is a repeated header. */
export type Headers = Readonly<Record<string, string | string[]>>;

/** What every request of one user to one server has in common. */
export interface Connection {
  readonly agent: http.Agent;
  readonly headers: Headers;
}

/**
 * client-node's KubeConfig does this for all ways to authenticate.
 * @param credential what stands in for the kubeconfig's own; empty: the kubeconfig's it is
 * @throws {UserError} exit 3: a certificate or key cannot be used
 */
export async function connectionOf(loaded: LoadedConfig, credential: Credential): Promise<Connection> {
  const { cluster, user } = loaded;
  const { expiresAt: _time, ...secrets } = credential;
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [cluster],
    users: [{ ...user, ...secrets, exec: undefined }],
    contexts: [{ name: 'nettools', cluster: cluster.name, user: user.name }],
    currentContext: 'nettools',
  });
  // A proxy and a provider of tokens are spoken to by their own certificates, which the cluster's authority says nothing of.
  const hasAuthority = cluster.caData !== undefined || cluster.caFile !== undefined || cluster.skipTLSVerify;
  trustNodesRoots(!hasAuthority || cluster.proxyUrl !== undefined || user.authProvider !== undefined);
  const options: https.RequestOptions = {};
  try {
    await config.applyToHTTPSOptions(options as never);
  } catch (error) {
    const detail = (error instanceof Error ? error.message : String(error)).trim().split('\n')[0];
    throw new UserError(
      `the credentials of the kubeconfig's user cannot be used: ${detail || 'unknown error'}.`,
      3,
    );
  }
  const agent = options.agent as http.Agent & { keepAlive: boolean; options: http.AgentOptions };
  agent.keepAlive = true;
  agent.options.keepAlive = true;
  const headers: Record<string, string | string[]> = { 'User-Agent': 'kubectl-nettools' };
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (value !== undefined)
      headers[name] = typeof value === 'number' ? String(value) : (value as string | string[]);
  }
  for (const [name, value] of Object.entries(loaded.impersonation)) {
    headers[name] = typeof value === 'string' ? value : [...value];
  }
  if (options.auth) headers['Authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  return { agent, headers };
}

/** Closes the agent's connections that nothing uses; those in use stay. */
export function closeIdle(agent: http.Agent): void {
  for (const sockets of Object.values(agent.freeSockets))
    for (const socket of sockets ?? []) socket.destroy();
}
