/** From a kubeconfig's user and cluster to what carries requests: TLS material and proxy in an agent, and headers. */
import type http from 'node:http';
import type https from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { UserError } from '../model/errors.ts';
import { checkIdentity } from '../tls/identity.ts';
import { trustNodesRoots } from '../tls/roots.ts';
import { DirectConnection } from './direct.ts';
import type { Credential } from './exec-credential.ts';
import type { LoadedConfig } from './kubeconfig.ts';
import type { Headers } from './requests.ts';

/** What every request of one user to one server has in common. */
export interface Connection {
  /** Made when it is first asked for, since node:https is loaded for it. */
  readonly agent: () => http.Agent;
  readonly headers: Headers;
  /** Absent where a proxy is on the way, or no TLS. */
  readonly direct: DirectConnection | undefined;
  /** Closes the connections that nothing uses; those in use stay. */
  closeIdle(): void;
  /** Closes all of the agent's. */
  close(): void;
}

/** What client-node's KubeConfig makes its agents by. */
type MakeAgent = (cluster: unknown, options: https.AgentOptions) => http.Agent;

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
  const isDirect =
    cluster.proxyUrl === undefined && loaded.server.protocol === 'https:' && loaded.server.username === '';
  const making = config as unknown as { createAgent: MakeAgent };
  const makeAgent = making.createAgent.bind(config);
  const make: MakeAgent = (of, options) => makeAgent(of, { ...options, checkServerIdentity: checkIdentity });
  let tls: https.AgentOptions = {};
  if (isDirect) {
    // It is wanted with its options alone, so far.
    making.createAgent = (_cluster, options) => {
      tls = options;
      return undefined as unknown as http.Agent;
    };
  } else making.createAgent = make;
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
  const headers: Record<string, string | string[]> = { 'User-Agent': 'kubectl-nettools' };
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (value !== undefined)
      headers[name] = typeof value === 'number' ? String(value) : (value as string | string[]);
  }
  for (const [name, value] of Object.entries(loaded.impersonation)) {
    headers[name] = typeof value === 'string' ? value : [...value];
  }
  if (options.auth) headers['Authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  let agent = isDirect ? undefined : keptAlive(options.agent as http.Agent);
  const direct = isDirect
    ? new DirectConnection(loaded.server, { ...tls, checkServerIdentity: checkIdentity })
    : undefined;
  return {
    agent: () => {
      agent ??= keptAlive(make(cluster, { ...tls, ...resuming(direct) }));
      return agent;
    },
    headers,
    direct,
    closeIdle: () => {
      direct?.closeIdle();
      for (const sockets of Object.values(agent?.freeSockets ?? {}))
        for (const socket of sockets ?? []) socket.destroy();
    },
    close: () => {
      direct?.closeIdle();
      agent?.destroy();
    },
  };
}

/**
 * Five requests beside each other take five connections, whose keys are half of the work of a cold session's rights: they resume
 * the TLS session of the connection before them.
 */
function resuming(direct: DirectConnection | undefined): https.AgentOptions {
  return direct?.session === undefined ? {} : { session: direct.session };
}

/** Of all kinds of agents that client-node makes. */
function keptAlive(made: http.Agent): http.Agent {
  const agent = made as http.Agent & { keepAlive: boolean; options: http.AgentOptions };
  agent.keepAlive = true;
  agent.options.keepAlive = true;
  return agent;
}
