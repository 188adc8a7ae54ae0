/**
 * What the tool may do to look at a node, found out before anything is made: the user's rights by
 * SelfSubjectAccessReview, and what admission says to the very pod, by a server-side dry-run.
 */
import type { KubeClient } from '../kube/client.ts';
import { ApiError } from '../kube/errors.ts';
import { listAll, type Named } from '../kube/list.ts';
import { podsPath } from '../kube/paths.ts';
import type { Pod } from '../model/kube-objects.ts';
import { buildNodePod, type NodePodSpec, nodeProfiles } from './node-pod.ts';
import { findMissingRights, type ProfileVerdict, type Right } from './preflight.ts';
import type { Profile } from './profiles.ts';

/** What a session on a node needs in the namespace of its pod. */
export const NODE_RIGHTS: readonly Right[] = [
  { verb: 'create', resource: 'pods' },
  { verb: 'get', resource: 'pods' },
  { verb: 'list', resource: 'pods' },
  { verb: 'watch', resource: 'pods' },
  { verb: 'patch', resource: 'pods' },
  { verb: 'delete', resource: 'pods' },
  { verb: 'get', resource: 'pods/exec' },
  { verb: 'create', resource: 'pods/exec' },
];

/** A dry-run needs a name, and nobody sees this one. */
const DRY_RUN_NAME = 'nettools-preflight';
/** More namespaces than these are not tried when one is searched that admits the pod. */
const MAX_TRIED = 4;

/** Everything that was found. `profile` is absent when there is a reason not to go on. */
export interface NodePreflight {
  readonly missingRights: readonly Right[];
  readonly profiles: readonly ProfileVerdict[];
  readonly profile: Profile | undefined;
}

/** Asks for rights and for admission's verdict, all in one parallel round. */
export async function nodePreflight(
  client: KubeClient,
  namespace: string,
  spec: NodePodSpec,
  signal?: AbortSignal,
): Promise<NodePreflight> {
  const [first, ...weaker] = nodeProfiles(spec);
  if (first === undefined) return { missingRights: [], profiles: [], profile: undefined };
  const [missingRights, verdict] = await Promise.all([
    missingNodeRights(client, namespace, signal),
    dryRun(client, namespace, spec, first, signal),
  ]);
  if (missingRights.length > 0) return { missingRights, profiles: [], profile: undefined };
  const rest = verdict.allowed
    ? []
    : await Promise.all(weaker.map((profile) => dryRun(client, namespace, spec, profile, signal)));
  const profiles = [verdict, ...rest];
  return { missingRights, profiles, profile: profiles.find((p) => p.allowed)?.profile };
}

/** Questions that are on their way, by their namespace. */
const asking = new WeakMap<KubeClient, Map<string, Promise<Right[]>>>();

/** Several nodes are opened at the same time, and the rights are those of the namespace: they are asked for once. */
async function missingNodeRights(
  client: KubeClient,
  namespace: string,
  signal: AbortSignal | undefined,
): Promise<Right[]> {
  const ask = (): Promise<Right[]> => findMissingRights(client, NODE_RIGHTS, namespace, undefined, signal);
  const own = asking.get(client) ?? new Map<string, Promise<Right[]>>();
  asking.set(client, own);
  const before = own.get(namespace);
  // Who asked first may have given up.
  if (before !== undefined) return before.catch(ask);
  const first = ask().finally(() => own.delete(namespace));
  own.set(namespace, first);
  return first;
}

async function dryRun(
  client: KubeClient,
  namespace: string,
  spec: NodePodSpec,
  profile: Profile,
  signal?: AbortSignal,
): Promise<ProfileVerdict> {
  const pod = buildNodePod(DRY_RUN_NAME, spec, profile, 'preflight');
  try {
    await client.post<Pod>(podsPath(namespace), pod, { query: { dryRun: 'All' }, signal });
    return { profile, allowed: true };
  } catch (error) {
    // 403: Pod Security, a quota or a webhook; 400 and 422: a webhook, or a policy that rejects the spec; 404: no such
    // namespace.
    if (error instanceof ApiError && [400, 403, 404, 422].includes(error.status)) {
      return {
        profile,
        allowed: false,
        reason: error.message.replace(`pods "${DRY_RUN_NAME}" is forbidden: `, ''),
      };
    }
    throw error;
  }
}

/**
 * Another namespace in which this user could make the pod, tried for real by a dry-run; `undefined` where there is
 * none or namespaces may not be listed.
 */
export async function admittingNamespace(
  client: KubeClient,
  refusing: string,
  spec: NodePodSpec,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const [profile] = nodeProfiles(spec);
  if (profile === undefined) return undefined;
  try {
    const all = await listAll<Named>(client, '/api/v1/namespaces', { signal, metadataOnly: true });
    const names = likelyNamespaces(all)
      .filter((name) => name !== refusing)
      .slice(0, MAX_TRIED);
    const verdicts = await Promise.all(names.map((name) => dryRun(client, name, spec, profile, signal)));
    return names.find((_name, i) => verdicts[i]?.allowed === true);
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}

/** Namespaces that by their Pod Security label may admit everything, the likeliest first. Pure. */
export function likelyNamespaces(namespaces: readonly Named[]): string[] {
  const level = ({ metadata }: Named) => metadata?.labels?.['pod-security.kubernetes.io/enforce'];
  const rank = (one: Named): number =>
    level(one) === 'privileged'
      ? 0
      : one.metadata?.name === 'kube-system'
        ? 1
        : one.metadata?.name === 'default'
          ? 2
          : 3;
  return namespaces
    .filter(
      (one) => one.metadata?.deletionTimestamp === undefined && (level(one) ?? 'privileged') === 'privileged',
    )
    .sort((a, b) => rank(a) - rank(b))
    .map(({ metadata }) => metadata?.name ?? '');
}
