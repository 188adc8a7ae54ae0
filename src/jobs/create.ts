/** Creates what a Job takes, all of it or nothing, and removes it again. */
import type { KubeClient } from '../kube/client.ts';
import { ApiError } from '../kube/errors.ts';
import { listAll } from '../kube/list.ts';
import { namespacedPath, podsPath } from '../kube/paths.ts';
import { UserError } from '../model/errors.ts';
import type { Pod } from '../model/kube-objects.ts';
import { withoutFullStop } from '../model/sentence.ts';
import type { ApiObject, JobObjects } from './manifest.ts';

const PLURALS: Readonly<Record<string, string>> = {
  Job: 'jobs',
  ServiceAccount: 'serviceaccounts',
  Role: 'roles',
  RoleBinding: 'rolebindings',
  ClusterRole: 'clusterroles',
  ClusterRoleBinding: 'clusterrolebindings',
};

/** Where objects of this kind are created. */
function collectionOf({ apiVersion, kind, metadata }: ApiObject): string {
  const api = apiVersion === 'v1' ? 'api/v1' : `apis/${apiVersion}`;
  const plural = PLURALS[kind] ?? '';
  const { namespace } = metadata;
  return namespace === undefined ? `/${api}/${plural}` : namespacedPath(api, namespace, plural);
}

export function pathOf(object: ApiObject): string {
  return `${collectionOf(object)}/${encodeURIComponent(object.metadata.name)}`;
}

/**
 * Asks the server for all that will be created, and for a pod of the Job, which a Job's own creation does not show: nothing is
 * changed.
 * @throws {UserError} exit 3: what is refused, by whom
 */
export async function dryRun(client: KubeClient, objects: JobObjects, signal: AbortSignal): Promise<void> {
  // A binding cannot be tried before its Role is there; who may create that is who may bind it.
  const roles = [...objects.namespaced, ...objects.cluster].filter(({ kind }) => !kind.endsWith('Binding'));
  for (const object of [objects.job, ...(objects.account === undefined ? [] : [objects.account]), ...roles]) {
    await explained(object, () =>
      client.post(collectionOf(object), object, { query: { dryRun: 'All' }, signal }),
    );
  }
  await tryPod(client, objects, signal);
}

async function tryPod(client: KubeClient, { job, account }: JobObjects, signal: AbortSignal): Promise<void> {
  const { template } = job['spec'] as { readonly template: Pod };
  const { name, namespace = '' } = job.metadata;
  const pod: ApiObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...template.metadata, name, namespace },
    // The ServiceAccount is not there yet.
    spec: { ...template.spec, ...(account === undefined ? {} : { serviceAccountName: 'default' }) },
  };
  try {
    await client.post(namespacedPath('api/v1', namespace, 'pods'), pod, { query: { dryRun: 'All' }, signal });
  } catch (error) {
    // Who may create Jobs need not be allowed to create pods.
    if (
      error instanceof ApiError &&
      error.status === 403 &&
      /cannot create resource "pods"/.test(error.message)
    )
      return;
    if (!(error instanceof ApiError)) throw error;
    throw new UserError(`a pod of the Job would be refused: ${sentence(error)}; nothing was changed.`, 3, {
      cause: error,
    });
  }
}

async function explained<T>({ kind }: ApiObject, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const isEscalation = /is attempting to grant RBAC permissions not currently held/.test(error.message);
    if (isEscalation) {
      throw new UserError(
        `you may not give the Job rights that you do not have yourself (${missingIn(error.message)}); nothing was changed.`,
        3,
        {
          cause: error,
          hint: 'With --service-account NAME it runs as one that somebody else has given them.',
        },
      );
    }
    throw new UserError(`the ${kind} is refused: ${sentence(error)}; nothing was changed.`, 3, {
      cause: error,
      ...(error.status === 403 && kind !== 'Job'
        ? { hint: 'With --service-account NAME the Job needs no Role of its own.' }
        : {}),
    });
  }
}

/** `{APIGroups:[""], Resources:["pods/exec"], Verbs:["create"]}` as `create pods/exec`. */
function missingIn(message: string): string {
  const rules = [...message.matchAll(/Resources:\[([^\]]*)\][^}]*?Verbs:\[([^\]]*)\]/g)];
  const words = (list = ''): string => list.replaceAll('"', '').replaceAll(' ', ', ');
  return rules.map(([, resources, verbs]) => `${words(verbs)} ${words(resources)}`).join('; ') || 'see -v';
}

function sentence({ message }: Error): string {
  return withoutFullStop(message);
}

/**
 * Creates the Job first, as it owns the others, and its ServiceAccount last: without that no pod can begin, so none begins
 * without its rights. A client that is killed in between leaves a Job that ends by its deadline and takes all with it.
 */
export async function createJob(client: KubeClient, objects: JobObjects, signal: AbortSignal): Promise<void> {
  const { job, namespaced, cluster, account } = objects;
  const made = await explained(job, () => client.post<ApiObject>(collectionOf(job), job, { signal }));
  const owner = {
    apiVersion: job.apiVersion,
    kind: job.kind,
    name: job.metadata.name,
    uid: made.metadata['uid'],
  };
  for (const object of [...cluster, ...namespaced, ...(account === undefined ? [] : [account])]) {
    const isOwned = object.metadata.namespace !== undefined;
    const metadata = isOwned ? { ...object.metadata, ownerReferences: [owner] } : object.metadata;
    await explained(object, () => client.post(collectionOf(object), { ...object, metadata }, { signal }));
  }
}

/** Ends the pods of a Job, and leaves the Job, whose own deadline goes on: a suspended one would have none. */
const STOP = { spec: { parallelism: 0 } };
/** How long pods may take to put their targets back, beyond which they are left to the kubelet. */
const LONGEST_STOP_MS = 60_000;
const POLL_MS = 500;

/**
 * Removes all of it. Pods that still run are ended first, as long as they may still undo what they did to their targets.
 * @returns what could not be removed, as a sentence without its full stop; empty: all is gone
 */
export async function removeJob(
  client: KubeClient,
  objects: JobObjects,
  isRunning: boolean,
): Promise<string> {
  const { job, namespaced, cluster, account } = objects;
  const failures: string[] = [];
  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404))
        failures.push(error instanceof Error ? sentence(error) : String(error));
    }
  };
  if (isRunning) await attempt(() => stopped(client, job));
  await attempt(() => client.delete(pathOf(job), { body: { propagationPolicy: 'Background' } }));
  const others = [...(account === undefined ? [] : [account]), ...namespaced, ...cluster].reverse();
  for (const object of others) await attempt(() => client.delete(pathOf(object)));
  return failures[0] ?? '';
}

/** The pods get SIGTERM while their ServiceAccount is still there; those that do not run yet have done nothing. */
async function stopped(client: KubeClient, job: ApiObject): Promise<void> {
  await client.patch(pathOf(job), STOP);
  const end = performance.now() + LONGEST_STOP_MS;
  while (performance.now() < end) {
    const pods = await podsOf(client, job);
    if (!pods.some(({ status }) => status?.phase === 'Running')) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** The pods that a Job has made and that are still there. */
export function podsOf(client: KubeClient, { metadata }: ApiObject, signal?: AbortSignal): Promise<Pod[]> {
  const { name, namespace = '' } = metadata;
  const query = { labelSelector: `batch.kubernetes.io/job-name=${name}` };
  return listAll<Pod>(client, podsPath(namespace), { query, signal });
}
