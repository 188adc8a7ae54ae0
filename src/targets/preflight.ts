/**
 * What the tool may do to a pod, found out before anything is changed: the pod's own state, the user's rights by
 * SelfSubjectAccessReview, and what admission says to the very patch, by a server-side dry-run.
 */
import type { KubeClient } from '../kube/client.ts';
import { ApiError } from '../kube/errors.ts';
import { podsPath } from '../kube/paths.ts';
import type { EphemeralContainer, Pod } from '../model/kube-objects.ts';
import { withoutFullStop } from '../model/sentence.ts';
import { type SessionSpec, sessionContainer, statusOf } from './ephemeral.ts';
import { identityOf } from './identity.ts';
import { PROFILES, type Profile } from './profiles.ts';

/** A right on a resource of an API group; without one, of the core group. */
export interface Right {
  readonly verb: 'create' | 'delete' | 'get' | 'list' | 'patch' | 'watch';
  /** The plural, with the sub-resource if there is one: `pods/exec`. */
  readonly resource: string;
  readonly group?: string;
}

/** What a session needs. Exec over a WebSocket is a GET, and Kubernetes ≥1.35 also wants `create` for it. */
export const SESSION_RIGHTS: readonly Right[] = [
  { verb: 'get', resource: 'pods' },
  { verb: 'watch', resource: 'pods' },
  { verb: 'patch', resource: 'pods/ephemeralcontainers' },
  { verb: 'get', resource: 'pods/exec' },
  { verb: 'create', resource: 'pods/exec' },
];

/** What a dry-run of one profile's patch came to. */
export interface ProfileVerdict {
  readonly profile: Profile;
  readonly allowed: boolean;
  /** Admission's own sentence, when refused. */
  readonly reason?: string;
}

/** Everything that the preflight found. `profile` is absent when there is a reason not to go on. */
export interface Preflight {
  /** Why this pod, as it is now, can take no ephemeral container. */
  readonly podProblem: string | undefined;
  readonly missingRights: readonly Right[];
  readonly profiles: readonly ProfileVerdict[];
  readonly profile: Profile | undefined;
}

/** Whether its manifest is a file on its node, and what the API has is but a mirror. */
export function isStaticPod({ metadata }: Pod): boolean {
  return metadata?.annotations?.['kubernetes.io/config.mirror'] !== undefined;
}

/** Why a pod, by what the API says of it, can take no ephemeral container now; `undefined` when it can. Pure. */
export function podProblem(pod: Pod): string | undefined {
  if (!isStaticPod(pod)) return networkProblem(pod);
  return `pod "${pod.metadata?.name}" is a static pod of node "${pod.spec?.nodeName}": the API cannot add a container to it.`;
}

/** Why a pod has no network that could be looked into, from wherever; `undefined` when it has. Pure. */
export function networkProblem(pod: Pod): string | undefined {
  const name = `pod "${pod.metadata?.name}"`;
  if (pod.spec?.os?.name === 'windows' || pod.spec?.nodeSelector?.['kubernetes.io/os'] === 'windows') {
    return `${name} runs on Windows; only Linux pods are supported.`;
  }
  const phase = pod.status?.phase;
  if (phase === 'Succeeded' || phase === 'Failed') {
    return `${name} has completed (${phase}): its network namespace is gone.`;
  }
  if (pod.metadata?.deletionTimestamp !== undefined) return `${name} is being deleted.`;
  if (pod.status?.reason === 'NodeLost')
    return `${name} is on a node that is lost: ${pod.status.message ?? 'NodeLost'}`;
  // A pod that waits for its init containers is Pending too, but has its namespace and address already.
  if (phase === 'Pending' && !pod.status?.podIP) {
    const why = pendingReason(pod);
    return `${name} is still Pending${why ? `: ${why}` : ''}; it has no network namespace yet.`;
  }
  return undefined;
}

/** Why a session cannot share the processes of this container of the pod; `undefined` when it can, or need not. */
export function containerProblem(pod: Pod, container: string | undefined): string | undefined {
  if (container === undefined) return undefined;
  const state = statusOf(pod, container)?.state;
  if (state?.running) return undefined;
  const reason = state?.waiting?.reason ?? state?.terminated?.reason;
  return `container "${container}" of pod "${pod.metadata?.name}" does not run${reason ? ` (${reason})` : ''}, so its processes cannot be shared; leave out -c to use only the pod's network.`;
}

function pendingReason(pod: Pod): string | undefined {
  const unscheduled = pod.status?.conditions?.find((c) => c.type === 'PodScheduled' && c.status === 'False');
  // The scheduler's message is made of sentences; here it is a part of one.
  if (unscheduled) {
    const why = unscheduled.message ?? unscheduled.reason;
    return why === undefined ? undefined : withoutFullStop(why);
  }
  const waiting = pod.status?.containerStatuses?.find((s) => s.state?.waiting)?.state?.waiting;
  return waiting ? [waiting.reason, waiting.message].filter(Boolean).join(', ') : undefined;
}

/**
 * Asks the API server for the user's rights and for admission's verdict, all in one parallel round.
 * @param missing how the rights are asked for, where several pods share the answers
 */
export async function preflight(
  client: KubeClient,
  pod: Pod,
  spec: SessionSpec,
  signal?: AbortSignal,
  missing: typeof findMissingRights = findMissingRights,
): Promise<Preflight> {
  const problem = podProblem(pod) ?? containerProblem(pod, spec.targetContainer);
  if (problem !== undefined)
    return { podProblem: problem, missingRights: [], profiles: [], profile: undefined };
  const [first, ...weaker]: readonly [Profile, ...Profile[]] =
    spec.choice === 'auto' ? PROFILES : [spec.choice];
  const { namespace, name } = identityOf(pod);
  const [missingRights, verdict] = await Promise.all([
    missing(client, SESSION_RIGHTS, namespace, name, signal),
    dryRun(client, pod, spec, first, signal),
  ]);
  if (missingRights.length > 0)
    return { podProblem: undefined, missingRights, profiles: [], profile: undefined };
  const rest = verdict.allowed
    ? []
    : await Promise.all(weaker.map((p) => dryRun(client, pod, spec, p, signal)));
  const profiles = [verdict, ...rest];
  return {
    podProblem: undefined,
    missingRights,
    profiles,
    profile: profiles.find((p) => p.allowed)?.profile,
  };
}

/** Those of the rights that the user lacks on one object, or (no name) on all of a namespace. */
export async function findMissingRights(
  client: KubeClient,
  rights: readonly Right[],
  namespace: string,
  name: string | undefined,
  signal?: AbortSignal,
): Promise<Right[]> {
  const allowed = await Promise.all(rights.map((right) => may(client, namespace, name, right, signal)));
  return rights.filter((_right, i) => !allowed[i]);
}

async function may(
  client: KubeClient,
  namespace: string,
  name: string | undefined,
  right: Right,
  signal?: AbortSignal,
): Promise<boolean> {
  const [resource, subresource] = right.resource.split('/');
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: {
      resourceAttributes: { namespace, name, verb: right.verb, group: right.group, resource, subresource },
    },
  };
  const answer = await client.post<{ status?: { allowed?: boolean } }>(
    '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    review,
    { signal },
  );
  return answer.status?.allowed === true;
}

async function dryRun(
  client: KubeClient,
  pod: Pod,
  spec: SessionSpec,
  profile: Profile,
  signal?: AbortSignal,
): Promise<ProfileVerdict> {
  try {
    await patchContainer(client, pod, spec, profile, { dryRun: true, signal });
    return { profile, allowed: true };
  } catch (error) {
    // 403: Pod Security or a webhook; 400 and 422: a webhook, or a policy that rejects the spec.
    if (error instanceof ApiError && [400, 403, 422].includes(error.status)) {
      return { profile, allowed: false, reason: error.message };
    }
    throw error;
  }
}

interface PatchOptions {
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Adds the session's container to the pod, or (dry-run) asks whether it could be. Returns the pod and the name. */
export async function patchContainer(
  client: KubeClient,
  pod: Pod,
  spec: SessionSpec,
  profile: Profile,
  options: PatchOptions = {},
): Promise<{ pod: Pod; name: string }> {
  const container = sessionContainer(pod, spec, profile);
  try {
    return await sendContainer(client, pod, container, options);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 422 || hasEntry(pod, container.name)) throw error;
    // Another client may have added its own of this name a moment ago, which nobody can change: it serves both.
    const place = identityOf(pod);
    const now = await client.get<Pod>(podsPath(place.namespace, place.name), { signal: options.signal });
    if (!hasEntry(now, container.name)) throw error;
    return sendContainer(client, now, sessionContainer(now, spec, profile), options);
  }
}

async function sendContainer(
  client: KubeClient,
  pod: Pod,
  container: EphemeralContainer,
  { dryRun = false, signal }: PatchOptions,
): Promise<{ pod: Pod; name: string }> {
  const place = identityOf(pod);
  const patched = await client.patch<Pod>(
    podsPath(place.namespace, place.name, 'ephemeralcontainers'),
    { spec: { ephemeralContainers: [container] } },
    { signal, ...(dryRun ? { query: { dryRun: 'All' } } : {}) },
  );
  return { pod: patched, name: container.name };
}

function hasEntry({ spec }: Pod, name: string): boolean {
  return spec?.ephemeralContainers?.some((entry) => entry.name === name) === true;
}
