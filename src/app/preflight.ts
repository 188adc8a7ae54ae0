/** What the tool may do to a target, found out without doing it. */
import { KubeClient } from '../kube/client.ts';
import { findRunning } from '../targets/ephemeral.ts';
import { sessionSpec } from '../targets/pod.ts';
import { preflight, SESSION_RIGHTS } from '../targets/preflight.ts';
import { PROFILE_TEXT } from '../targets/profiles.ts';
import { resolvePod } from '../targets/resolve.ts';
import { imageFor } from './image.ts';
import type { TargetArgs } from './pod-session.ts';

/** One thing that was asked. */
export interface PreflightItem {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** All answers; `profile` is what a session would use, absent when there can be none. */
export interface PreflightReport {
  readonly namespace: string;
  readonly pod: string;
  readonly image: string;
  readonly profile?: string;
  readonly items: readonly PreflightItem[];
}

export async function preflightReport(args: TargetArgs, signal: AbortSignal): Promise<PreflightReport> {
  const client = await KubeClient.connect(args.connection);
  const pod = await resolvePod(client, args.target, signal);
  const image = imageFor(args.session.image);
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
    for (const right of SESSION_RIGHTS) {
      const missing = result.missingRights.includes(right);
      items.push({
        check: `right to ${right.verb} ${right.resource}`,
        ok: !missing,
        detail: missing ? 'denied by RBAC' : 'granted',
      });
    }
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
