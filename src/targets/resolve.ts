/** From TARGET as it was typed to one pod: the pod itself, or a ready pod of a workload, Service or selector. */

import type { KubeClient } from '../kube/client.ts';
import { ApiError } from '../kube/errors.ts';
import { listAll } from '../kube/list.ts';
import { namespacedPath, podsPath } from '../kube/paths.ts';
import { advice, kubectl } from '../model/advice.ts';
import type { PodTargetSpec, TargetSpec } from '../model/args.ts';
import { UserError } from '../model/errors.ts';
import type { Pod } from '../model/kube-objects.ts';
import { withoutFullStop } from '../model/sentence.ts';
import type { Right } from './preflight.ts';

/** Where each kind of workload lives in the API; the keys are kubectl's names and short names. */
const WORKLOADS: Readonly<
  Record<string, { readonly api: string; readonly plural: string; readonly kind: string }>
> = {
  ...names(['deploy', 'deployment', 'deployments'], 'apis/apps/v1', 'deployments', 'deployment'),
  ...names(['sts', 'statefulset', 'statefulsets'], 'apis/apps/v1', 'statefulsets', 'statefulset'),
  ...names(['ds', 'daemonset', 'daemonsets'], 'apis/apps/v1', 'daemonsets', 'daemonset'),
  ...names(['rs', 'replicaset', 'replicasets'], 'apis/apps/v1', 'replicasets', 'replicaset'),
  ...names(['job', 'jobs'], 'apis/batch/v1', 'jobs', 'job'),
  ...names(['svc', 'service', 'services'], 'api/v1', 'services', 'service'),
};

function names(all: readonly string[], api: string, plural: string, kind: string): typeof WORKLOADS {
  return Object.fromEntries(all.map((name) => [name, { api, plural, kind }]));
}

/** Selectors as the API writes them. */
interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

/** Whether the target is a pod of the cluster. */
export function isPodTarget(target: TargetSpec): target is PodTargetSpec {
  return target.kind === 'name' || target.kind === 'selector';
}

/**
 * Finds the pod.
 * @throws {UserError} exit 2: TARGET has a kind that is not known; exit 3: there is no such thing, or no ready pod of it
 */
export async function resolvePod(
  client: KubeClient,
  target: PodTargetSpec,
  signal?: AbortSignal,
): Promise<Pod> {
  const chosen = await podChoice(client, target, signal);
  return 'pod' in chosen ? getPod(client, chosen.pod, signal) : readyPod(client, chosen, signal);
}

/** One pod by its name, or those that a selector matches; `what` begins a sentence about them. */
export type PodChoice = { readonly pod: string } | { readonly selector: string; readonly what: string };

/**
 * What TARGET names.
 * @throws {UserError} exit 2: TARGET has a kind that is not known; exit 3: there is no such workload, or it selects no pods
 */
export async function podChoice(
  client: KubeClient,
  target: PodTargetSpec,
  signal?: AbortSignal,
): Promise<PodChoice> {
  if (target.kind === 'selector')
    return { selector: target.selector, what: `label selector ${target.selector}` };
  const slash = target.name.indexOf('/');
  if (slash < 0) return { pod: target.name };
  const kind = target.name.slice(0, slash).toLowerCase();
  const name = target.name.slice(slash + 1);
  if (name === '' || name.includes('/')) {
    throw new UserError(`"${target.name}" is not a target: write POD, or KIND/NAME such as deploy/web.`, 2);
  }
  if (['po', 'pod', 'pods'].includes(kind)) return { pod: name };
  const workload = WORKLOADS[kind];
  if (!workload) {
    throw new UserError(
      `"${target.name}": no target kind "${kind}"; use pod/, deploy/, sts/, ds/, rs/, job/, svc/, node/, docker://, netns:, pid: or local.`,
      2,
    );
  }
  return {
    selector: await selectorOf(client, workload, name, signal),
    what: `${workload.kind}/${name}`,
  };
}

/**
 * Asks the API for what a selector matches.
 * @throws {UserError} exit 2: it is none
 */
export async function withSelector<T>(
  { selector }: { readonly selector: string },
  ask: () => Promise<T>,
): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 400) || selector === '') throw error;
    // "unable to parse requirement: found '!', expected: identifier", after words on what the server was asked for.
    const why =
      /(?:unable to parse requirement|found '|couldn't parse|invalid).*/s.exec(error.message)?.[0] ??
      error.message;
    throw new UserError(`"${selector}" is no label selector: ${withoutFullStop(why)}.`, 2, {
      hint: 'Write it as kubectl takes it: app=web,tier!=cache, or "env in (a,b)".',
      cause: error,
    });
  }
}

/** @throws {UserError} exit 3: there is no such namespace; who may not read it is told nothing */
export async function refuseMissingNamespace(
  client: KubeClient,
  signal?: AbortSignal,
  namespace = client.namespace,
): Promise<void> {
  try {
    await client.get(`/api/v1/namespaces/${encodeURIComponent(namespace)}`, { signal });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status !== 404) return;
    throw new UserError(`there is no namespace "${namespace}".`, 3, {
      hint: advice`${kubectl`get namespaces`} lists them; another one is chosen with -n.`,
      cause: error,
    });
  }
}

/** The rights that finding the pod takes. */
export function rightsToResolve(target: PodTargetSpec): Right[] {
  const list: Right = { verb: 'list', resource: 'pods' };
  if (target.kind === 'selector') return [list];
  const workload = WORKLOADS[target.name.slice(0, Math.max(0, target.name.indexOf('/'))).toLowerCase()];
  if (!workload) return [];
  const group = /^apis\/(.+)\/\w+$/.exec(workload.api)?.[1];
  return [{ verb: 'get', resource: workload.plural, ...(group === undefined ? {} : { group }) }, list];
}

async function getPod(client: KubeClient, name: string, signal?: AbortSignal): Promise<Pod> {
  try {
    return await client.get<Pod>(podsPath(client.namespace, name), { signal });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) {
      await refuseMissingNamespace(client, signal);
      throw noSuchPod(name, client.namespace);
    }
    throw error;
  }
}

/** Exit 3. */
export function noSuchPod(name: string, namespace: string): UserError {
  return new UserError(`no pod "${name}" in namespace "${namespace}".`, 3, {
    hint: advice`${kubectl`get pods -n ${namespace}`} lists its pods; another namespace is chosen with -n.`,
  });
}

async function selectorOf(
  client: KubeClient,
  workload: { readonly api: string; readonly plural: string; readonly kind: string },
  name: string,
  signal?: AbortSignal,
): Promise<string> {
  let object: { spec?: { selector?: Selector & Readonly<Record<string, unknown>> } };
  try {
    object = await client.get(namespacedPath(workload.api, client.namespace, workload.plural, name), {
      signal,
    });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) {
      await refuseMissingNamespace(client, signal);
      throw new UserError(`no ${workload.kind} "${name}" in namespace "${client.namespace}".`, 3);
    }
    throw error;
  }
  const selector = object.spec?.selector;
  // A Service's selector is a plain map; a Service without one has no pods of its own.
  const text =
    workload.kind === 'service'
      ? formatSelector({ matchLabels: selector as never })
      : formatSelector(selector ?? {});
  if (text === '') throw new UserError(`${workload.kind}/${name} has no selector, so it names no pod.`, 3);
  return text;
}

/** A selector object in the query syntax of the API. */
export function formatSelector(selector: Selector): string {
  const equal = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`;
  });
  return [...equal, ...expressions].join(',');
}

async function readyPod(
  client: KubeClient,
  choice: Extract<PodChoice, { readonly selector: string }>,
  signal?: AbortSignal,
): Promise<Pod> {
  const { selector, what } = choice;
  const options = { query: { labelSelector: selector }, signal };
  // The best of each page is all that the choice takes; without one, what their pods are in says why.
  const found = await withSelector(choice, () =>
    listAll<Pod>(client, podsPath(client.namespace), options, (pods) => {
      const best = choosePod(pods);
      return best ? [best] : pods.map(nameAndPhase);
    }),
  );
  const chosen = choosePod(found);
  if (chosen) return chosen;
  if (found.length === 0) await refuseMissingNamespace(client, signal);
  const states = found.map((pod) => `${pod.metadata?.name} is ${pod.status?.phase ?? 'unknown'}`);
  throw new UserError(
    states.length === 0
      ? `${what} has no pods in namespace "${client.namespace}".`
      : `${what} has no running pod in namespace "${client.namespace}" (${states.slice(0, 3).join(', ')}${states.length > 3 ? ', …' : ''}).`,
    3,
  );
}

function nameAndPhase({ metadata, status }: Pod): Pod {
  const { name, deletionTimestamp } = metadata ?? {};
  return {
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    },
    status: status?.phase === undefined ? {} : { phase: status.phase },
  };
}

/** The pod to look at: a ready one if there is one, else one that runs; by name, so that repeated runs meet the same. */
export function choosePod(pods: readonly Pod[]): Pod | undefined {
  const running = pods
    .filter((pod) => pod.status?.phase === 'Running' && pod.metadata?.deletionTimestamp === undefined)
    .sort((a, b) => (a.metadata?.name ?? '').localeCompare(b.metadata?.name ?? ''));
  const isReady = (pod: Pod): boolean =>
    pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false;
  return running.find(isReady) ?? running[0];
}
