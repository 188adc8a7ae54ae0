/** Looks at the objects behind the destinations, now and again: what changed near an outage is what people look for. */
import type { ClusterView, Reading } from '../model/cluster-view.ts';
import type { Destination } from '../model/destination.ts';
import type { Pod } from '../model/kube-objects.ts';
import type { ClusterLook } from '../timeline/cluster-changes.ts';

/** Pods that are asked for in one look: each is a request. */
const MOST_PODS = 16;

/** What is to be looked at. */
export interface ClusterGoals {
  readonly pods: ReadonlyMap<string, { readonly namespace: string; readonly name: string }>;
  readonly services: ReadonlyMap<string, { readonly namespace: string; readonly name: string }>;
  readonly namespaces: ReadonlySet<string>;
}

/** @param own the target, where it is a pod */
export function clusterGoals(destinations: readonly Destination[], own: Pod | undefined): ClusterGoals {
  const pods = new Map<string, { namespace: string; name: string }>();
  const services = new Map<string, { namespace: string; name: string }>();
  const add = (to: typeof pods, { namespace, name }: { namespace: string; name: string }): void => {
    if (to.size < MOST_PODS) to.set(`${namespace}/${name}`, { namespace, name });
  };
  const { namespace, name } = own?.metadata ?? {};
  if (namespace !== undefined && name !== undefined) add(pods, { namespace, name });
  for (const { pod, ref } of destinations) {
    if (pod !== undefined) add(pods, pod);
    if (ref?.kind === 'pod') add(pods, ref);
    if (ref?.kind === 'service') add(services, ref);
  }
  const all = [...pods.values(), ...services.values()].map((one) => one.namespace);
  return { pods, services, namespaces: new Set(all) };
}

/** One look; what may not be read is left out. @param view one that asks afresh */
export async function lookAtCluster(view: ClusterView, goals: ClusterGoals): Promise<ClusterLook> {
  const [pods, services, policies] = await Promise.all([
    readAll(goals.pods, ({ namespace, name }) => view.pod(namespace, name)),
    readAll(goals.services, ({ namespace, name }) => view.endpointSlices(namespace, name)),
    readAll(new Map([...goals.namespaces].map((one) => [one, one])), (namespace) =>
      view.networkPolicies(namespace),
    ),
  ]);
  return { pods, services, policies };
}

async function readAll<Goal, T>(
  goals: ReadonlyMap<string, Goal>,
  read: (goal: Goal) => Promise<Reading<T>>,
): Promise<Readonly<Record<string, T>>> {
  const all = await Promise.all(
    [...goals].map(async ([key, goal]) => {
      const reading = await read(goal).catch(() => undefined);
      return reading?.value === undefined ? [] : [[key, reading.value] as const];
    }),
  );
  return Object.fromEntries(all.flat());
}
