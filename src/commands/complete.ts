import { KubeClient } from '../kube/client.ts';
import { contextNames } from '../kube/kubeconfig.ts';
import { namespacedPath, podsPath } from '../kube/paths.ts';
import type { Namespace, Pod } from '../kube/types.ts';
import type { Completion, CompletionArgs, CompletionKind } from '../model/args.ts';

/** Nobody waits longer for a press of the tab key. */
const LIMIT_MS = 3000;

interface List {
  readonly items: ReadonlyArray<{ readonly metadata: { readonly name: string } }>;
}

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
};

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
  if (kind === 'context') return matching(contextNames(connection), prefix);
  const client = await KubeClient.connect({ requestTimeoutMs: LIMIT_MS, ...connection });
  try {
    return await fromCluster(client, kind, prefix, target);
  } finally {
    client.close();
  }
}

async function fromCluster(
  client: KubeClient,
  kind: Exclude<CompletionKind, 'context'>,
  prefix: string,
  target: string | undefined,
): Promise<Completion[]> {
  switch (kind) {
    case 'namespace': {
      const { items } = await client.get<{ items: Namespace[] }>('/api/v1/namespaces');
      return matching(
        items.map(({ metadata }) => metadata?.name ?? ''),
        prefix,
      );
    }
    case 'container':
      return matching(await containerNames(client, target), prefix);
    case 'target': {
      const slash = prefix.indexOf('/');
      if (slash >= 0) return named(client, prefix.slice(0, slash), prefix);
      return [...(await podNames(client, prefix)), ...kindPrefixes(Object.keys(kinds), prefix)];
    }
    case 'destination': {
      const slash = prefix.indexOf('/');
      if (slash < 0) return kindPrefixes(['pod', 'svc'], prefix).map(({ value }) => ({ value }));
      return named(client, prefix.slice(0, slash), prefix);
    }
  }
}

async function podNames(client: KubeClient, prefix: string): Promise<Completion[]> {
  const { items } = await client.get<{ items: Pod[] }>(podsPath(client.namespace));
  return items.flatMap(({ metadata, status }) => {
    const value = metadata?.name ?? '';
    if (!value.startsWith(prefix)) return [];
    return [status?.phase === undefined ? { value } : { value, description: status.phase }];
  });
}

function kindPrefixes(names: readonly string[], prefix: string): Completion[] {
  return names
    .filter((name) => name.startsWith(prefix))
    .map((name) => ({ value: `${name}/`, description: kinds[name]?.describe ?? '' }));
}

async function named(client: KubeClient, kind: string, prefix: string): Promise<Completion[]> {
  const found = kinds[kind];
  if (found === undefined) return [];
  const { items } = await client.get<List>(namespacedPath(found.api, client.namespace, found.plural));
  return matching(
    items.map(({ metadata }) => `${kind}/${metadata.name}`),
    prefix,
  );
}

async function containerNames(client: KubeClient, target = ''): Promise<string[]> {
  const [name = '', kind = 'pod'] = target.split('/').reverse();
  if (kind !== 'pod' || name === '') return [];
  const { spec } = await client.get<Pod>(podsPath(client.namespace, name));
  return (spec?.containers ?? []).map((container) => container.name);
}

function matching(names: readonly string[], prefix: string): Completion[] {
  return names.filter((name) => name.startsWith(prefix)).map((value) => ({ value }));
}
