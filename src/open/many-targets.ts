/** Which targets are meant where a command takes many: names, selectors and nodes become a list in a stable order. */
import type { KubeClient } from '../kube/client.ts';
import { ApiError } from '../kube/errors.ts';
import { listAll } from '../kube/list.ts';
import { podsPath } from '../kube/paths.ts';
import type { ManyTargets, PodTargetSpec } from '../model/args.ts';
import { UserError } from '../model/errors.ts';
import type { Node, Pod } from '../model/kube-objects.ts';
import type { TargetTraits } from '../model/report.ts';
import type { RunTarget } from '../model/run.ts';
import { asNodePod } from '../targets/node-pod.ts';
import { isPodTarget, podChoice, refuseMissingNamespace, withSelector } from '../targets/resolve.ts';
import { tellingAllRights } from '../targets/target-pod.ts';

/** A target, and its node as far as that is known before it is looked into. */
export interface ListedTarget extends RunTarget {
  readonly node?: string;
}

/** What every object of an `in-cluster` run is found by. */
export const JOB_LABELS = {
  'app.kubernetes.io/managed-by': 'kubectl-nettools',
  'app.kubernetes.io/name': 'nettools-job',
} as const;

/** The label of a node that says in which zone it is. */
export const ZONE = 'topology.kubernetes.io/zone';

/**
 * Finds all that is meant. A pod that does not run is among them, as the report has to say why there is nothing of it;
 * one that has ended, is being deleted, or belongs to this tool is not.
 * @throws {UserError} exit 2 or 3: there is no such workload, or not a single target
 */
export async function listTargets(
  many: ManyTargets,
  connect: () => Promise<KubeClient>,
  signal: AbortSignal,
): Promise<ListedTarget[]> {
  if (many.nodes) return nodesOf(await connect(), signal);
  const found: (readonly ListedTarget[])[] = [];
  for (const spec of many.named)
    found.push(
      many.every && isPodTarget(spec) ? await podsMeant(await connect(), spec, many, signal) : [{ spec }],
    );
  const all = withoutTwins(found.flat());
  // A zone is worth a request where pods may differ in it.
  if (!many.every || all.length < 2) return all;
  const zones = await zonesOf(await connect(), signal);
  return all.map((one) => withZone(one, zones));
}

function podsMeant(
  client: KubeClient,
  spec: PodTargetSpec,
  many: ManyTargets,
  signal: AbortSignal,
): Promise<ListedTarget[]> {
  const namespace = many.allNamespaces ? undefined : client.namespace;
  return tellingAllRights(client, spec, namespace, signal, () => podsOf(client, spec, many, signal));
}

/** All pods that are meant, by namespace and name. */
async function podsOf(
  client: KubeClient,
  spec: PodTargetSpec,
  { allNamespaces }: ManyTargets,
  signal: AbortSignal,
): Promise<ListedTarget[]> {
  const choice = await podChoice(client, spec, signal);
  if ('pod' in choice) return [{ spec: { kind: 'name', name: choice.pod }, namespace: client.namespace }];
  const { selector, what } = choice;
  const query: Record<string, string> = selector === '' ? {} : { labelSelector: selector };
  const path = allNamespaces ? '/api/v1/pods' : podsPath(client.namespace);
  const found = await withSelector(choice, () =>
    listAll<Pod, ListedTarget>(client, path, { query, signal }, (pods) =>
      pods.filter(hasNetwork).map(listed),
    ),
  );
  if (found.length === 0) {
    if (!allNamespaces) await refuseMissingNamespace(client, signal);
    const place = allNamespaces ? 'in any namespace' : `in namespace "${client.namespace}"`;
    throw new UserError(`${selector === '' ? 'there are' : `${what} has`} no pods that run ${place}.`, 3, {
      hint: 'Pods that have ended, or are being deleted, are not counted.',
    });
  }
  return found.sort((a, b) => order(a.namespace, b.namespace) || order(nameOf(a), nameOf(b)));
}

/** It has not ended, is not going, and is no pod of this tool's on a node; one that does not run yet counts. */
export function hasNetwork(pod: Pod): boolean {
  const { phase } = pod.status ?? {};
  const hasEnded = phase === 'Succeeded' || phase === 'Failed';
  const isOurs = asNodePod(pod) !== undefined || isJobPod(pod);
  return !hasEnded && pod.metadata?.deletionTimestamp === undefined && !isOurs;
}

/** A shard of `in-cluster`, which would look at itself. */
function isJobPod({ metadata }: Pod): boolean {
  return Object.entries(JOB_LABELS).every(([key, value]) => metadata?.labels?.[key] === value);
}

function listed(pod: Pod): ListedTarget {
  const { name = '', namespace } = pod.metadata ?? {};
  const owner = ownerOf(pod);
  const node = pod.spec?.nodeName;
  return {
    spec: { kind: 'name', name },
    ...(namespace === undefined ? {} : { namespace }),
    ...(owner === undefined ? {} : { traits: { owner } }),
    ...(node === undefined ? {} : { node }),
  };
}

/** What controls the pod, as it is typed; a ReplicaSet of a Deployment is called by the Deployment's name. */
export function ownerOf({ metadata }: Pod): string | undefined {
  const controller = metadata?.ownerReferences?.find((one) => one.controller === true);
  if (controller === undefined) return undefined;
  const { kind, name } = controller;
  // The Deployment controller names its ReplicaSets by this label's value, and labels their pods with it.
  const hash = metadata?.labels?.['pod-template-hash'];
  if (kind === 'ReplicaSet' && hash !== undefined && name.endsWith(`-${hash}`)) {
    return `deployment/${name.slice(0, -hash.length - 1)}`;
  }
  return `${kind.toLowerCase()}/${name}`;
}

async function nodesOf(client: KubeClient, signal: AbortSignal): Promise<ListedTarget[]> {
  const zones = await readNodes(client, signal);
  return [...zones]
    .map(([name, zone]) => ({
      spec: { kind: 'node' as const, name },
      ...(zone === undefined ? {} : { traits: { zone } }),
    }))
    .sort((a, b) => order(a.spec.name, b.spec.name));
}

/** Empty without the right to list nodes: then nothing is said of zones. */
async function zonesOf(
  client: KubeClient,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string | undefined>> {
  try {
    return await readNodes(client, signal);
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return new Map();
    throw error;
  }
}

async function readNodes(
  client: KubeClient,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string | undefined>> {
  const nodes = await listAll<Node, [string, string | undefined]>(
    client,
    '/api/v1/nodes',
    { metadataOnly: true, signal },
    (page) => page.map(({ metadata }) => [metadata?.name ?? '', metadata?.labels?.[ZONE]]),
  );
  return new Map(nodes);
}

function withZone(target: ListedTarget, zones: ReadonlyMap<string, string | undefined>): ListedTarget {
  const zone = target.node === undefined ? undefined : zones.get(target.node);
  if (zone === undefined) return target;
  const traits: TargetTraits = { ...target.traits, zone };
  return { ...target, traits };
}

/** Two selectors, or a selector and a name, may mean the same pod. */
function withoutTwins(targets: readonly ListedTarget[]): ListedTarget[] {
  const seen = new Set<string>();
  return targets.filter((target) => {
    const key = JSON.stringify([target.namespace ?? null, target.spec]);
    return !seen.has(key) && seen.add(key);
  });
}

function nameOf({ spec }: ListedTarget): string {
  return 'name' in spec ? spec.name : '';
}

/** By code units, as `kubectl get pods` does. */
function order(a = '', b = ''): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
