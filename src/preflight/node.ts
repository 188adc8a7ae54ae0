/** What the tool may do to look at a node, found out without doing it. */
import type { KubeClient } from '../kube/client.ts';
import type { SessionFlags } from '../model/args.ts';
import { imageFor } from '../open/image.ts';
import { nodePods } from '../targets/held-node-pod.ts';
import { nodePodSpec, readNode } from '../targets/node.ts';
import { findNodePod } from '../targets/node-pod.ts';
import { admittingNamespace, NODE_RIGHTS, nodePreflight } from '../targets/node-preflight.ts';
import { nodeProblem } from '../targets/node-state.ts';
import { PROFILE_TEXT } from '../targets/profiles.ts';
import { type PreflightItem, type PreflightReport, rightItems } from './report.ts';

/** @param switching whether commands would switch into another network namespace of the node */
export async function nodePreflightReport(
  client: KubeClient,
  session: SessionFlags,
  name: string,
  switching: boolean,
  signal: AbortSignal,
): Promise<PreflightReport> {
  const namespace = session.debugNamespace ?? client.namespace;
  const image = imageFor(session);
  const spec = nodePodSpec(name, session, image, switching);
  const node = await readNode(client, name, signal);
  const [pods, result] = await Promise.all([
    nodePods({ client, namespace }, signal),
    nodePreflight(client, namespace, spec, signal),
  ]);
  const problem = node && nodeProblem(node, image);
  const items: PreflightItem[] = [
    {
      check: 'node can run a pod',
      ...(node && { ok: problem === undefined }),
      detail: problem ?? (node ? 'it is ready' : 'not known: you may not read it'),
    },
    ...rightItems(NODE_RIGHTS, result.missingRights),
    ...result.profiles.map(({ profile, allowed, reason }) => ({
      check: `profile ${profile}`,
      ok: allowed,
      detail: reason ?? PROFILE_TEXT[profile],
    })),
  ];
  if (result.profile !== undefined) {
    const running = findNodePod(pods, spec, Date.now());
    items.push({
      check: 'session',
      ok: true,
      detail: running
        ? `pod ${running.name} runs and would be used too`
        : 'none runs; a pod would be made, and removed afterwards',
    });
  } else if (result.missingRights.length === 0) {
    const other = await admittingNamespace(client, namespace, spec, signal);
    items.push({
      check: 'another namespace',
      ok: other !== undefined,
      detail: other === undefined ? 'none was found' : `--debug-namespace ${other} would be allowed`,
    });
  }
  return {
    namespace,
    node: name,
    image,
    ...(result.profile === undefined || problem !== undefined ? {} : { profile: result.profile }),
    items,
  };
}
