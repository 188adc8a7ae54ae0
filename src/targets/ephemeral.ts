/**
 * The ephemeral container of a session: its name, its spec, and which of a pod's is ours to use again. Pure.
 *
 * An ephemeral container can never be removed from a pod's spec (KEP-277), so there is one for each pod, image,
 * profile and target container, and it is used again while it runs. Its name says which it is: two clients that ask
 * for it at the same moment patch the same entry.
 */
import { createHash } from 'node:crypto';
import type { ContainerStatus, EphemeralContainer, Pod } from '../model/kube-objects.ts';
import { keeperCommand, keeperIdleSeconds } from './keeper.ts';
import { PROFILES, type Profile, securityContext } from './profiles.ts';

const PREFIX = 'nettools-';
/** Remembers in the spec whether the profile was asked for by name or found by trying. */
const CHOICE_VARIABLE = 'NETTOOLS_PROFILE_CHOICE';

/** What a session needs of its container. */
export interface SessionSpec {
  readonly image: string;
  readonly imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  /** The container whose processes the session sees, if one was named. */
  readonly targetContainer: string | undefined;
  readonly idleSeconds: number;
  readonly choice: 'auto' | Profile;
}

/**
 * The container to patch into the pod: the first of its kind whose name is free, or the one that stands there and has
 * not ended, just as it is, since the API server refuses each change of an entry. So a container that is about to start
 * serves whoever asks for another idle time, as one that runs does.
 */
export function sessionContainer(pod: Pod, spec: SessionSpec, profile: Profile): EphemeralContainer {
  const stem = nameStem(spec, profile);
  for (let generation = 0; ; generation++) {
    const name = `${stem}-${generation}`;
    const entry = pod.spec?.ephemeralContainers?.find((c) => c.name === name);
    if (!entry) return buildContainer(name, spec, profile);
    if (mayStart(entry, statusOf(pod, name), spec)) return entry;
  }
}

/** The kubelet's reasons to wait that are not failure; the second one is that of pods with init containers. */
const STARTING: readonly (string | undefined)[] = [undefined, 'ContainerCreating', 'PodInitializing'];

/** Whether an entry has not ended, nor met with a failure that another pull policy may avoid. */
function mayStart(
  entry: EphemeralContainer,
  status: ContainerStatus | undefined,
  spec: SessionSpec,
): boolean {
  const { terminated, waiting } = status?.state ?? {};
  if (terminated !== undefined) return false;
  return STARTING.includes(waiting?.reason) || entry.imagePullPolicy === spec.imagePullPolicy;
}

function nameStem(spec: SessionSpec, profile: Profile): string {
  const key = JSON.stringify([spec.image, spec.targetContainer ?? null, spec.choice === 'auto']);
  return `${PREFIX}${profile}-${createHash('sha256').update(key).digest('hex').slice(0, 6)}`;
}

/** The container as it is patched into the pod. */
export function buildContainer(name: string, spec: SessionSpec, profile: Profile): EphemeralContainer {
  return {
    name,
    image: spec.image,
    imagePullPolicy: spec.imagePullPolicy,
    command: keeperCommand(spec.idleSeconds),
    env: [{ name: CHOICE_VARIABLE, value: spec.choice }],
    securityContext: securityContext(profile),
    terminationMessagePolicy: 'File',
    ...(spec.targetContainer === undefined ? {} : { targetContainerName: spec.targetContainer }),
  };
}

/** A session's container in a pod. */
export interface SessionContainer {
  readonly name: string;
  readonly profile: Profile;
  readonly choice: string;
  readonly image: string;
  readonly idleSeconds: number;
  readonly status: ContainerStatus | undefined;
}

/** All session containers of a pod, ended ones included, in the order of its spec. */
export function sessionContainers(pod: Pod): SessionContainer[] {
  return (pod.spec?.ephemeralContainers ?? []).flatMap((container) => {
    const profile = PROFILES.find((p) => container.name.startsWith(`${PREFIX}${p}-`));
    const idleSeconds = keeperIdleSeconds(container.command);
    if (profile === undefined || idleSeconds === undefined) return [];
    return [
      {
        name: container.name,
        profile,
        choice: container.env?.find((e) => e.name === CHOICE_VARIABLE)?.value ?? profile,
        image: container.image ?? '',
        idleSeconds,
        status: statusOf(pod, container.name),
      },
    ];
  });
}

/** The running container that serves this session, or `undefined`: then one has to be added. */
export function findRunning(pod: Pod, spec: SessionSpec): SessionContainer | undefined {
  const candidates = sessionContainers(pod).filter((c) => c.status?.state?.running !== undefined);
  for (const profile of PROFILES) {
    if (spec.choice !== 'auto' && spec.choice !== profile) continue;
    const stems = [
      nameStem(spec, profile),
      nameStem({ ...spec, choice: spec.choice === 'auto' ? profile : 'auto' }, profile),
    ];
    const found = candidates.find(
      (c) =>
        stems.some((stem) => c.name.startsWith(`${stem}-`)) &&
        c.image === spec.image &&
        // A weaker one that was asked for by name says nothing about what `auto` would get.
        (spec.choice !== 'auto' || c.choice === 'auto' || profile === 'netadmin'),
    );
    if (found) return found;
  }
  return undefined;
}

/** The status of one container of a pod, its own or ephemeral, once the kubelet has reported one. */
export function statusOf(pod: Pod, name: string): ContainerStatus | undefined {
  const {
    ephemeralContainerStatuses = [],
    containerStatuses = [],
    initContainerStatuses = [],
  } = pod.status ?? {};
  const all = [...ephemeralContainerStatuses, ...containerStatuses, ...initContainerStatuses];
  return all.find((s) => s.name === name);
}
