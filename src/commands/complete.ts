import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import type { DockerListed } from '../docker/types.ts';
import type { KubeClient } from '../kube/client.ts';
import { longRunning } from '../kube/containers.ts';
import { listAll, type Named } from '../kube/list.ts';
import { namespacedPath, podsPath } from '../kube/paths.ts';
import type { Completion, CompletionArgs, CompletionKind, ConnectionFlags } from '../model/args.ts';
import type { Pod } from '../model/kube-objects.ts';
import { namespaceWord } from '../model/namespaces.ts';

// What one kind of word needs is imported when it comes to that: loading it takes longer than anything else here.

/** Upper bound for completion: users give up after that. */
const LIMIT_MS = 3000;
/** The namespaces of this machine: half a second's work, and several on a machine that is busy with its own. */
const LIST_LIMIT_MS = 10_000;

/** What may stand before a slash, and where the names behind it are found. */
const kinds: Readonly<
  Record<string, { readonly api: string; readonly plural: string; readonly describe: string }>
> = {
  pod: { api: 'api/v1', plural: 'pods', describe: 'one pod' },
  deploy: { api: 'apis/apps/v1', plural: 'deployments', describe: 'a ready pod of a Deployment' },
  sts: { api: 'apis/apps/v1', plural: 'statefulsets', describe: 'a ready pod of a StatefulSet' },
  ds: { api: 'apis/apps/v1', plural: 'daemonsets', describe: 'a ready pod of a DaemonSet' },
  job: { api: 'apis/batch/v1', plural: 'jobs', describe: 'a ready pod of a Job' },
  svc: { api: 'api/v1', plural: 'services', describe: 'a ready pod of a Service' },
  node: { api: 'api/v1', plural: 'nodes', describe: 'a node' },
};

/** Targets that are in no cluster, by what their words begin with, and who knows their names. */
const outside: Readonly<Record<string, { readonly describe: string; names(): Promise<string[]> }>> = {
  'docker://': { describe: 'a container of Docker', names: dockerNames },
  'netns:': { describe: 'a network namespace of this machine', names: netnsNames },
};

/** What only the API server knows. */
type ClusterKind = Exclude<
  CompletionKind,
  'context' | 'finding' | 'machine' | 'matrixPlace' | 'netns' | 'sessionsTarget' | 'target'
>;

/**
 * What the word may be completed to.
 * @throws when the kubeconfig or the API server gives no answer
 */
export async function candidates({
  kind,
  prefix,
  connection,
  target,
}: CompletionArgs): Promise<Completion[]> {
  if (kind === 'finding') return findings(prefix);
  if (kind === 'context') {
    const { contextNames } = await import('../kube/kubeconfig.ts');
    return matching(contextNames(connection), prefix);
  }
  if (kind === 'target') return targets(prefix, connection, [...Object.keys(outside), 'local']);
  if (kind === 'sessionsTarget') return targets(prefix, connection, ['docker://']);
  if (kind === 'matrixPlace') return matrixPlaces(prefix, connection);
  if (kind === 'machine') return machines(prefix, connection);
  if (kind === 'netns') return namespaceWords(prefix, connection, target);
  return withCluster(kind, prefix, connection, target);
}

/** @param words of what is in no cluster: those that the command takes */
async function targets(
  prefix: string,
  connection: ConnectionFlags,
  words: readonly string[],
): Promise<Completion[]> {
  for (const [scheme, { names }] of Object.entries(outside)) {
    if (!prefix.startsWith(scheme) || !words.includes(scheme)) continue;
    const all = (await names()).map((name) => `${scheme}${name}`);
    return matching(all, prefix);
  }
  const inCluster = () => withCluster('clusterTarget', prefix, connection, undefined);
  if (prefix.includes('/')) return inCluster();
  // What needs no cluster is offered without one, too.
  const elsewhere = [
    ...Object.entries(outside).map(([value, { describe }]) => ({ value, description: describe })),
    { value: 'local', description: 'this machine' },
  ];
  const found = await inCluster().catch(() => []);
  return [...found, ...elsewhere.filter(({ value }) => value.startsWith(prefix) && words.includes(value))];
}

/** The words that stand for all of a kind; and what else is in a cluster, of which `matrix` takes all pods. */
async function matrixPlaces(prefix: string, connection: ConnectionFlags): Promise<Completion[]> {
  const words = [
    { value: 'pods', description: 'all pods' },
    { value: 'nodes', description: 'all nodes' },
  ].filter(({ value }) => value.startsWith(prefix));
  const found = await withCluster('clusterTarget', prefix, connection, undefined).catch(() => []);
  const described = found.map((one) => {
    const kind = /^([a-z]+)\/$/.exec(one.value)?.[1];
    if (kind === undefined || one.description === undefined) return one;
    const ofAll =
      kind === 'svc' ? 'the address of a Service' : one.description.replace('a ready pod', 'all pods');
    return { ...one, description: ofAll };
  });
  return [...words, ...described];
}

/** Nodes by their bare names, and this machine. */
async function machines(prefix: string, connection: ConnectionFlags): Promise<Completion[]> {
  const nodes = await connected(connection, (api) => namesOf(api, '/api/v1/nodes')).catch(() => []);
  const local = [{ value: 'local', description: 'this machine' }];
  return [...matching(nodes, prefix), ...local.filter(({ value }) => value.startsWith(prefix))];
}

/** What `--netns` takes: of this machine all; of a node its pods, for which nothing has to be started there. */
async function namespaceWords(
  prefix: string,
  connection: ConnectionFlags,
  machine = '',
): Promise<Completion[]> {
  if (machine === 'local') {
    const { localNamespaces } = await import('../open/namespaces.ts');
    const { LocalChannel } = await import('../channels/local.ts');
    const all = await localNamespaces(new LocalChannel(), AbortSignal.timeout(LIST_LIMIT_MS));
    return all
      .map((one) => ({ value: namespaceWord(one), description: one.kind }))
      .filter(({ value }) => value.startsWith(prefix));
  }
  const node = machine.replace(/^no(?:des?)?\//, '');
  const own = await connected(connection, ({ client, signal }) =>
    listAll<Named, string>(
      client,
      '/api/v1/pods',
      {
        query: { fieldSelector: `spec.nodeName=${node},spec.hostNetwork=false` },
        metadataOnly: true,
        signal,
      },
      (pods) => pods.map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`),
    ),
  );
  return matching(own, prefix);
}

function withCluster(
  kind: ClusterKind,
  prefix: string,
  connection: ConnectionFlags,
  target: string | undefined,
): Promise<Completion[]> {
  return connected(connection, (api) => fromCluster(api, kind, prefix, target));
}

/** The cluster for as long as somebody waits. */
interface Api {
  readonly client: KubeClient;
  readonly signal: AbortSignal;
}

async function connected<T>(connection: ConnectionFlags, work: (api: Api) => Promise<T>): Promise<T> {
  const { KubeClient } = await import('../kube/client.ts');
  // Of all pages together, and of a credential plugin before them.
  const signal = AbortSignal.timeout(connection.requestTimeoutMs || LIMIT_MS);
  const client = await KubeClient.connect(connection, signal);
  try {
    return await work({ client, signal });
  } finally {
    client.close();
  }
}

/** The names of a list's objects, which is all that is read of them. */
function namesOf({ client, signal }: Api, path: string): Promise<string[]> {
  return listAll<Named, string>(client, path, { metadataOnly: true, signal }, (items) =>
    items.flatMap(({ metadata }) => metadata?.name ?? []),
  );
}

async function fromCluster(
  api: Api,
  kind: ClusterKind,
  prefix: string,
  target: string | undefined,
): Promise<Completion[]> {
  switch (kind) {
    case 'namespace':
      return matching(await namesOf(api, '/api/v1/namespaces'), prefix);
    case 'container':
      return matching(await containerNames(api, target), prefix);
    case 'clusterTarget': {
      const slash = prefix.indexOf('/');
      if (slash >= 0) return named(api, prefix.slice(0, slash), prefix);
      const pods = await namesOf(api, podsPath(api.client.namespace));
      return [...matching(pods, prefix), ...kindPrefixes(Object.keys(kinds), prefix)];
    }
    case 'destination': {
      const slash = prefix.indexOf('/');
      if (slash < 0) return kindPrefixes(['pod', 'svc'], prefix).map(({ value }) => ({ value }));
      return named(api, prefix.slice(0, slash), prefix);
    }
  }
}

/** IDs in any case; those of the checks are the same wherever the tool runs. */
async function findings(prefix: string): Promise<Completion[]> {
  const { FINDINGS } = await import('../checks/findings.ts');
  return FINDINGS.filter(({ id }) => id.startsWith(prefix.toUpperCase())).map(({ id, title }) => ({
    value: id,
    description: title,
  }));
}

function kindPrefixes(names: readonly string[], prefix: string): Completion[] {
  return names
    .filter((name) => name.startsWith(prefix))
    .map((name) => ({ value: `${name}/`, description: kinds[name]?.describe ?? '' }));
}

async function named(api: Api, kind: string, prefix: string): Promise<Completion[]> {
  const found = kinds[kind];
  if (found === undefined) return [];
  const path =
    kind === 'node' ? '/api/v1/nodes' : namespacedPath(found.api, api.client.namespace, found.plural);
  const names = await namesOf(api, path);
  return matching(
    names.map((name) => `${kind}/${name}`),
    prefix,
  );
}

/** The containers that run, by their names. */
async function dockerNames(): Promise<string[]> {
  const { DockerClient } = await import('../docker/client.ts');
  const client = await DockerClient.connect(
    { env: process.env, homeDir: homedir(), platform: process.platform },
    AbortSignal.timeout(LIMIT_MS),
  );
  try {
    const listed = await client.get<DockerListed[]>('/containers/json', {
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    return listed.flatMap(({ Names: [name = ''] }) => (name === '' ? [] : [name.replace(/^\//, '')]));
  } finally {
    client.close();
  }
}

/** Those with a name, which iproute2 keeps there. */
async function netnsNames(): Promise<string[]> {
  return readdir('/run/netns');
}

async function containerNames({ client, signal }: Api, target = ''): Promise<string[]> {
  const [name = '', kind = 'pod'] = target.split('/').reverse();
  if (kind !== 'pod' || name === '') return [];
  const pod = await client.get<Pod>(podsPath(client.namespace, name), { signal });
  return longRunning(pod).map((container) => container.name);
}

function matching(names: readonly string[], prefix: string): Completion[] {
  return names.filter((name) => name.startsWith(prefix)).map((value) => ({ value }));
}
