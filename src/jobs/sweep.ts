/** Removes what runs with cluster-wide rights have left whose command was killed: nothing in a namespace can own that. */
import type { KubeClient } from '../kube/client.ts';
import { ApiError } from '../kube/errors.ts';
import { listAll } from '../kube/list.ts';
import { namespacedPath } from '../kube/paths.ts';
import { pathOf } from './create.ts';
import { type ApiObject, RUN_LABEL } from './manifest.ts';

interface Binding {
  readonly metadata?: { readonly name?: string };
  readonly subjects?: readonly { readonly name: string; readonly namespace?: string }[];
}

/** Their ServiceAccounts are gone, so they give nobody anything: who may not remove them leaves them. */
export async function sweep(client: KubeClient, signal: AbortSignal): Promise<void> {
  const query = { labelSelector: `${RUN_LABEL}=true` };
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  try {
    const all = await listAll<Binding>(client, `/apis/${apiVersion}/clusterrolebindings`, { query, signal });
    for (const { metadata, subjects = [] } of all) {
      const [account] = subjects;
      const { name } = metadata ?? {};
      if (account?.namespace === undefined || name === undefined) continue;
      if (!(await isGone(client, account.namespace, account.name, signal))) continue;
      for (const kind of ['ClusterRoleBinding', 'ClusterRole']) {
        const object: ApiObject = { apiVersion, kind, metadata: { name } };
        await client.delete(pathOf(object), { signal });
      }
    }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
}

/** The Job has the name of its ServiceAccount. */
async function isGone(
  client: KubeClient,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await client.get(namespacedPath('apis/batch/v1', namespace, 'jobs', name), { signal });
    return false;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return true;
    throw error;
  }
}
