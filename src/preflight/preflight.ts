/** What the tool may do to a target, found out without doing it. */
import type { KubeClient } from '../kube/client.ts';
import { ApiError } from '../kube/errors.ts';
import { UserError } from '../model/errors.ts';
import type { Pod } from '../model/kube-objects.ts';
import { errorWords } from '../model/sentence.ts';
import { ALONE, type Sharing } from '../open/connect.ts';
import { toUserError } from '../open/failures.ts';
import { imageFor } from '../open/image.ts';
import { canGoByNode } from '../open/pod-target.ts';
import type { TargetArgs } from '../open/target.ts';
import { type Admission, admission, LEAST_MILLI_CPUS } from '../targets/budget.ts';
import { findRunning } from '../targets/ephemeral.ts';
import { identityOf } from '../targets/identity.ts';
import { closerLook, sessionSpec, shortageOf } from '../targets/pod.ts';
import { podLimit } from '../targets/pod-limit.ts';
import { findMissingRights, networkProblem, preflight, SESSION_RIGHTS } from '../targets/preflight.ts';
import { PROFILE_TEXT } from '../targets/profiles.ts';
import { isPodTarget, resolvePod, rightsToResolve } from '../targets/resolve.ts';
import { type Room, readRoom } from '../targets/room.ts';
import { budgetWords, cpuShortage, cpuWords, memoryShortage, roomWords } from '../targets/room-words.ts';
import { sandboxTrouble, withTrouble } from '../targets/sandbox-trouble.ts';
import { dockerPreflightReport } from './docker.ts';
import { nodePreflightReport } from './node.ts';
import { type PreflightItem, type PreflightReport, rightItems } from './report.ts';
import type { AskRights } from './rights.ts';

/** What targets of one command share. */
interface Together {
  readonly shared?: Sharing;
  readonly rights?: AskRights;
}

/** @throws {UserError} exit 2 or 3: there is no such target, or none that can be asked about */
export async function preflightReport(
  args: TargetArgs,
  signal: AbortSignal,
  { shared = ALONE, rights = findMissingRights }: Together = {},
): Promise<PreflightReport> {
  const { target } = args;
  if (target.kind === 'node') {
    const client = await shared.connect(args.connection, signal);
    return nodePreflightReport(client, args.session, target.name, args.session.netns !== undefined, signal);
  }
  if (target.kind === 'docker') return dockerPreflightReport(target.name, args.session, signal);
  if (!isPodTarget(target))
    throw new UserError(
      `preflight supports pods, nodes and Docker containers, not ${target.kind} targets.`,
      2,
    );
  const client = await shared.connect(args.connection, signal);
  const image = imageFor(args.session);
  let pod: Pod;
  try {
    pod = await resolvePod(client, target, signal);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
    const needed = [...rightsToResolve(target), ...SESSION_RIGHTS];
    const missing = await findMissingRights(client, needed, client.namespace, undefined, signal);
    const unreadable = { check: 'target can be read', ok: false, detail: errorWords(toUserError(error)) };
    return { namespace: client.namespace, image, items: [unreadable, ...rightItems(needed, missing)] };
  }
  if (args.session.via === 'node') return fromNode(args, client, pod, [], signal);
  const spec = sessionSpec(pod, args.session, image);
  const running = findRunning(pod, spec);
  const [result, room] = await Promise.all([
    preflight(client, pod, spec, signal, rights),
    closerLook(client, pod, readRoom(client, pod, signal), running !== undefined, signal),
  ]);
  const items: PreflightItem[] = [
    {
      check: 'pod can take an ephemeral container',
      ok: result.podProblem === undefined,
      detail:
        result.podProblem === undefined
          ? `it is ${pod.status?.phase}`
          : withTrouble(result.podProblem, await sandboxTrouble(client, pod, signal)),
    },
  ];
  if (result.podProblem === undefined) {
    const answer = admission(room, running !== undefined);
    const shortage = shortageOf(pod, room, answer);
    items.push(...roomItems(pod, room, answer));
    if (shortage !== undefined && args.session.via === 'auto' && canGoByNode(args.session)) {
      return fromNode(args, client, pod, items, signal);
    }
    items.push(...rightItems(SESSION_RIGHTS, result.missingRights));
    for (const { profile, allowed, reason } of result.profiles) {
      items.push({ check: `profile ${profile}`, ok: allowed, detail: reason ?? PROFILE_TEXT[profile] });
    }
    items.push({
      check: 'session',
      ok: true,
      detail: running ? `${running.name} runs and would be used again` : 'none runs; one would be added',
    });
  }
  return {
    namespace: pod.metadata?.namespace ?? '',
    pod: pod.metadata?.name ?? '',
    image,
    ...(result.profile === undefined ? {} : { profile: result.profile }),
    items,
  };
}

/** @param before what was found out of the pod itself */
async function fromNode(
  args: TargetArgs,
  client: KubeClient,
  pod: Pod,
  before: readonly PreflightItem[],
  signal: AbortSignal,
): Promise<PreflightReport> {
  const { namespace, name } = identityOf(pod);
  const problem = networkProblem(pod);
  const switching = pod.spec?.hostNetwork !== true;
  const report = await nodePreflightReport(client, args.session, pod.spec?.nodeName ?? '', switching, signal);
  const { namespace: _debugNamespace, profile, ...node } = report;
  const network = { check: 'pod has a network', ok: problem === undefined, detail: problem ?? 'it has' };
  return {
    namespace,
    pod: name,
    ...node,
    ...(profile === undefined || problem !== undefined ? {} : { profile }),
    items: [...before, ...(before.length > 0 ? [] : [network]), ...report.items],
  };
}

/** What the pod has left, where it has limits. */
function roomItems(pod: Pod, room: Room, answer: Admission): PreflightItem[] {
  const milliCpus = podLimit(pod, 'cpu');
  const items: PreflightItem[] = [];
  if (room.kind !== 'unlimited') {
    const isEnough = answer.kind === 'enter';
    const then = isEnough ? budgetWords(answer.budget) : memoryShortage(room, answer).need;
    items.push({ check: 'memory in the pod', ok: isEnough, detail: `it ${roomWords(room)}; ${then}` });
  }
  if (milliCpus !== undefined) {
    const isEnough = milliCpus >= LEAST_MILLI_CPUS;
    const then = isEnough ? '' : `; ${cpuShortage(milliCpus).need}`;
    items.push({ check: 'CPU in the pod', ok: isEnough, detail: `it ${cpuWords(milliCpus)}${then}` });
  }
  return items;
}
