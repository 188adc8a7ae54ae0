/** The network namespaces of this machine or of a node, with the names that Kubernetes and Docker know. */
import type { Channel } from '../channels/channel.ts';
import { DockerClient } from '../docker/client.ts';
import type { DockerListed } from '../docker/types.ts';
import type { KubeClient } from '../kube/client.ts';
import { ApiError } from '../kube/errors.ts';
import { listAll } from '../kube/list.ts';
import type { Pod } from '../model/kube-objects.ts';
import type { NetworkNamespace } from '../model/namespaces.ts';
import { type MachineNamespaces, parseNetnsList } from '../parsers/netns-list.ts';
import { readNamespaces } from '../probes/namespaces.ts';
import { dockerSources } from './docker-target.ts';
import { namedByApi, namedByEngine } from './namespace-names.ts';

/** Where a container that sees a node's processes finds the node's files. */
const NODE_ROOT = '/proc/1/root';

/** A local daemon answers in milliseconds; names are not worth waiting longer for. */
const ENGINE_LIMIT_MS = 2000;

/** Those of this machine. */
export async function localNamespaces(channel: Channel, signal: AbortSignal): Promise<NetworkNamespace[]> {
  const [text, names] = await Promise.all([readNamespaces(channel, '', signal), engineNames(signal)]);
  return namedByEngine(parseNetnsList(text).namespaces, names);
}

/**
 * Those of a node.
 * @param channel into a container of the node's network that sees the node's processes
 * @param known the pods whose names are wanted, where the caller has them
 */
export async function nodeNamespaces(
  client: KubeClient,
  node: string,
  channel: Channel,
  signal: AbortSignal,
  known?: readonly Pod[],
): Promise<MachineNamespaces> {
  const [text, pods] = await Promise.all([
    readNamespaces(channel, NODE_ROOT, signal),
    known ?? podsOn(client, node, signal),
  ]);
  const { root, namespaces } = parseNetnsList(text);
  return { root, namespaces: namedByApi(namespaces, pods) };
}

/** As many as the user may read: of all namespaces, else of the current one, else none. */
async function podsOn(client: KubeClient, node: string, signal: AbortSignal): Promise<Pod[]> {
  const query = { fieldSelector: `spec.nodeName=${node}` };
  for (const path of ['/api/v1/pods', `/api/v1/namespaces/${encodeURIComponent(client.namespace)}/pods`]) {
    try {
      return await listAll<Pod>(client, path, { query, signal });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 403) throw error;
    }
  }
  return [];
}

/** Names of containers by id; none without a Docker daemon that answers at once. */
async function engineNames(signal: AbortSignal): Promise<Map<string, string>> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(ENGINE_LIMIT_MS)]);
  let client: DockerClient | undefined;
  try {
    client = await DockerClient.connect(dockerSources(), limit);
    const listed = await client.get<DockerListed[]>('/containers/json', { signal: limit });
    return new Map(listed.map(({ Id, Names }) => [Id, Names[0]?.replace(/^\//, '') ?? '']));
  } catch {
    signal.throwIfAborted();
    return new Map();
  } finally {
    client?.close();
  }
}
