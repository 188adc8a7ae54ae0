/** What the tool may do to a target, found out without doing it. */
import { KubeClient } from '../kube/client.ts';
import { ApiError } from '../kube/errors.ts';
import type { Pod } from '../kube/types.ts';
import { UserError } from '../model/errors.ts';
import { findRunning } from '../targets/ephemeral.ts';
import { sessionSpec } from '../targets/pod.ts';
import { findMissingRights, preflight, SESSION_RIGHTS } from '../targets/preflight.ts';
import { PROFILE_TEXT } from '../targets/profiles.ts';
import { isPodTarget, resolvePod, rightsToResolve } from '../targets/resolve.ts';
import { dockerPreflightReport } from './docker-preflight.ts';
import { imageFor } from './image.ts';
import { nodePreflightReport } from './node-preflight.ts';
import { type PreflightItem, type PreflightReport, rightItems } from './preflight-report.ts';
import type { TargetArgs } from './target.ts';

export async function preflightReport(args: TargetArgs, signal: AbortSignal): Promise<PreflightReport> {
  const { target } = args;
  if (target.kind === 'node') return nodePreflightReport(args, target.name, signal);
  if (target.kind === 'docker') return dockerPreflightReport(target.name, args.session, signal);
  if (!isPodTarget(target))
    throw new UserError(
      `preflight knows pods, nodes and Docker containers, and no ${target.kind} target.`,
      2,
    );
  const client = await KubeClient.connect(args.connection, signal);
  const image = imageFor(args.session);
  let pod: Pod;
  try {
    pod = await resolvePod(client, target, signal);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
    const rights = [...rightsToResolve(target), ...SESSION_RIGHTS];
    const missing = await findMissingRights(client, rights, client.namespace, undefined, signal);
    const unreadable = { check: 'target can be read', ok: false, detail: error.message };
    return { namespace: client.namespace, image, items: [unreadable, ...rightItems(rights, missing)] };
  }
  const spec = sessionSpec(pod, args.session, image);
  const result = await preflight(client, pod, spec, signal);
  const running = findRunning(pod, spec);
  const items: PreflightItem[] = [
    {
      check: 'pod can take an ephemeral container',
      ok: result.podProblem === undefined,
      detail: result.podProblem ?? `it is ${pod.status?.phase}`,
    },
  ];
  if (result.podProblem === undefined) {
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
