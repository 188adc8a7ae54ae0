/** The pod target: from TARGET to a channel into the pod's network namespace, by a leased ephemeral container. */

import type { Channel } from '../channels/channel.ts';
import { PodExecChannel } from '../channels/pod-exec.ts';
import type { KubeClient } from '../kube/client.ts';
import { longRunning } from '../kube/containers.ts';
import { ApiError } from '../kube/errors.ts';
import { type Advice, advice, nettools } from '../model/advice.ts';
import type { SessionFlags } from '../model/args.ts';
import type { Budget } from '../model/budget.ts';
import { UserError } from '../model/errors.ts';
import type { Pod } from '../model/kube-objects.ts';
import type { TargetInfo } from '../model/report.ts';
import { type Admission, admission, isWorthAsking, LEAST_BUDGET, LEAST_MILLI_CPUS } from './budget.ts';
import { findRunning, type SessionSpec } from './ephemeral.ts';
import { identityOf } from './identity.ts';
import { podLimit } from './pod-limit.ts';
import { isStaticPod, type Preflight, patchContainer, preflight } from './preflight.ts';
import { PROFILE_TEXT, type Profile } from './profiles.ts';
import { RenewedChannel } from './renewed-channel.ts';
import { noRights } from './rights-words.ts';
import type { Room } from './room.ts';
import { readRoomByExec } from './room-by-exec.ts';
import {
  budgetNotes,
  cpuShortage,
  memoryShortage,
  noRoomHint,
  noRoomWords,
  type Shortage,
} from './room-words.ts';
import { sandboxTrouble, withTrouble } from './sandbox-trouble.ts';
import type { OpenOptions, Session } from './session.ts';
import { waitEnded, waitRunning } from './wait.ts';

/** The pod has too little memory or CPU for a session in it; nothing was changed. */
export class NoRoomError extends UserError {
  /** Why, without a full stop. */
  readonly words: string;
  readonly shortage: Shortage;

  constructor(pod: Pod, shortage: Shortage, flags: SessionFlags) {
    const words = noRoomWords(pod, shortage);
    super(`${words}; nothing was changed.`, 3, { hint: noRoomHint(shortage, byNode(flags)) });
    this.words = words;
    this.shortage = shortage;
  }
}

/** How its node is used instead. */
function byNode({ container, profile }: SessionFlags): string {
  if (container !== undefined) return 'without -c its node is used instead';
  return profile === 'auto' || profile === 'netadmin'
    ? '--via node measures from its node'
    : `without --profile ${profile} its node is used instead`;
}

/**
 * Opens the session on a pod as it was just read: nothing to do when its container already runs; else preflight, patch
 * and a watch.
 * @param reading how much memory the pod has left, which may still be on its way
 * @throws {NoRoomError} exit 3: too little, and the user did not say `--via pod`
 * @throws {UserError} exit 2 or 3, with what was refused and by whom; the pod's spec is then unchanged, unless the
 *   container was added and did not start
 */
export async function openPodSession(
  client: KubeClient,
  pod: Pod,
  flags: SessionFlags,
  image: string,
  reading: Promise<Room>,
  options: OpenOptions,
): Promise<Session> {
  const spec = sessionSpec(pod, flags, image);
  const running = findRunning(pod, spec);
  const looking = closerLook(client, pod, reading, running !== undefined, options.signal);
  if (running) {
    const reused = session(client, pod, running, flags, admitted(pod, await looking, flags, true));
    // It may have reached its idle time since the kubelet's last report, a second or two ago.
    const renew = async (): Promise<Channel> => {
      const { timeoutMs } = flags;
      const ended = await waitEnded(client, pod, running.name, { timeoutMs, signal: options.signal });
      return (await openPodSession(client, ended, flags, image, reading, options)).channel;
    };
    return { ...reused, channel: new RenewedChannel(reused.channel, renew) };
  }
  options.onProgress('checking what is allowed');
  const [checked, room] = await Promise.all([preflight(client, pod, spec, options.signal), looking]);
  await refuseProblem(client, checked, pod, options.signal);
  const terms = admitted(pod, room, flags, false);
  const profile = allowedProfile(checked, pod, spec);
  options.onProgress(`adding an ephemeral container (profile ${profile})`);
  const patched = await patch(client, pod, spec, profile, options.signal);
  await waitRunning(client, patched.pod, patched.name, image, {
    timeoutMs: flags.timeoutMs,
    signal: options.signal,
    onProgress: (text) => options.onProgress(`starting the ephemeral container with image ${image}: ${text}`),
  });
  return session(client, pod, { name: patched.name, profile }, flags, terms);
}

/** The room as the API said, or as the pod's containers do where that is worth an exec. */
export async function closerLook(
  client: KubeClient,
  pod: Pod,
  reading: Promise<Room>,
  isRunning: boolean,
  signal: AbortSignal | undefined,
): Promise<Room> {
  const room = await reading;
  return isWorthAsking(room, isRunning) ? readRoomByExec(client, pod, room, signal) : room;
}

/** What a session may take of the pod, and what the user should know of that. */
interface Terms {
  readonly budget: Budget;
  readonly notes: readonly string[];
}

/** @throws {NoRoomError} the pod has too little left, and the user did not say `--via pod` */
function admitted(pod: Pod, room: Room, flags: SessionFlags, isRunning: boolean): Terms {
  const answer = admission(room, isRunning);
  const shortage = shortageOf(pod, room, answer);
  if (shortage !== undefined && flags.via !== 'pod') throw new NoRoomError(pod, shortage, flags);
  const budget = answer.kind === 'enter' ? answer.budget : LEAST_BUDGET;
  return { budget, notes: budgetNotes(room, budget) };
}

/** What keeps a session out; `undefined`: nothing does. */
export function shortageOf(pod: Pod, room: Room, answer: Admission): Shortage | undefined {
  if (answer.kind === 'keep-out') return memoryShortage(room, answer);
  const milliCpus = podLimit(pod, 'cpu');
  return milliCpus !== undefined && milliCpus < LEAST_MILLI_CPUS ? cpuShortage(milliCpus) : undefined;
}

/** What this session's container has to be like. @throws {UserError} exit 3: `-c` names no container of the pod */
export function sessionSpec(pod: Pod, flags: SessionFlags, image: string): SessionSpec {
  const containers = longRunning(pod).map((c) => c.name);
  if (flags.container !== undefined && !containers.includes(flags.container)) {
    throw new UserError(
      `pod "${pod.metadata?.name}" has no container "${flags.container}" (it has: ${containers.join(', ')}).`,
      3,
    );
  }
  return {
    image,
    imagePullPolicy: flags.imagePullPolicy ?? 'IfNotPresent',
    targetContainer: flags.container,
    idleSeconds: Math.max(1, Math.ceil(flags.idleMs / 1000)),
    choice: flags.profile,
  };
}

async function patch(
  client: KubeClient,
  pod: Pod,
  spec: SessionSpec,
  profile: Profile,
  signal: AbortSignal | undefined,
): Promise<{ pod: Pod; name: string }> {
  try {
    return await patchContainer(client, pod, spec, profile, { signal });
  } catch (error) {
    // The preflight allowed this very patch; whatever is said now is news, and the server's own words.
    if (error instanceof ApiError)
      throw new UserError(`the ephemeral container was refused: ${error.message}`, 3, { cause: error });
    throw error;
  }
}

/** @throws {UserError} exit 3: the pod, as it is, takes no session */
async function refuseProblem(
  client: KubeClient,
  { podProblem }: Preflight,
  pod: Pod,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (podProblem === undefined) return;
  const text = withTrouble(podProblem, await sandboxTrouble(client, pod, signal));
  throw new UserError(text, 3, isStaticPod(pod) ? { hint: fromNode(pod) } : {});
}

/** The profile to use. @throws {UserError} exit 3: what is missing or refused, as one sentence */
function allowedProfile(checked: Preflight, pod: Pod, spec: SessionSpec): Profile {
  const name = pod.metadata?.name;
  if (checked.missingRights.length > 0) {
    throw noRights(checked.missingRights, pod.metadata?.namespace);
  }
  if (checked.profile !== undefined) return checked.profile;
  const last = checked.profiles.at(-1);
  throw new UserError(
    `pod "${name}" takes no ephemeral container with ${spec.choice === 'auto' ? 'any profile' : `profile ${spec.choice}`}: ${last?.reason ?? 'refused'}; nothing was changed.`,
    3,
    spec.choice === 'auto' || spec.choice === 'restricted'
      ? { hint: fromNode(pod) }
      : { hint: '--profile auto takes the strongest profile that is allowed.' },
  );
}

/** The way in that asks nothing of the pod or its namespace. */
function fromNode(pod: Pod): Advice {
  const { namespace, name } = identityOf(pod);
  const node = pod.spec?.nodeName ?? 'NODE';
  return advice`It can be examined from its node without one: ${nettools`netns shell ${node} ${namespace}/${name}`}, or any command on it with --via node.`;
}

function session(
  client: KubeClient,
  pod: Pod,
  container: { readonly name: string; readonly profile: Profile },
  flags: SessionFlags,
  { budget, notes }: Terms,
): Session {
  const { namespace, name } = identityOf(pod);
  const { profile } = container;
  const isWeak = profile !== 'netadmin' && flags.profile === 'auto';
  return {
    channel: new PodExecChannel(client, { namespace, pod: name, container: container.name }),
    info: podInfo(pod),
    budget,
    notes: [
      ...(isWeak
        ? [`profile ${profile}, the strongest that is allowed here (${PROFILE_TEXT[profile]})`]
        : []),
      ...notes,
    ],
    // An ephemeral container cannot be removed; it stays for the next command and ends when it was idle.
    close: async () => undefined,
  };
}

/** A pod as reports name it. */
export function podInfo(pod: Pod): TargetInfo {
  const { namespace, name } = identityOf(pod);
  return { kind: 'pod', namespace, name, node: pod.spec?.nodeName ?? '', address: pod.status?.podIP ?? '' };
}
