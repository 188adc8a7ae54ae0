/** What a target is, before anything is added to it: two words for the same pod are one target. */
import { nodeSubject, podSubject, type Subject } from '../cluster/subject.ts';
import { KubeView } from '../cluster/view.ts';
import type { SessionFlags } from '../model/args.ts';
import type { Pod } from '../model/kube-objects.ts';
import { identityOf } from '../targets/identity.ts';
import { readNode } from '../targets/node.ts';
import { isPodTarget } from '../targets/resolve.ts';
import { targetPod } from '../targets/target-pod.ts';
import { clientIn, type Finding } from './endpoints.ts';
import type { ListedTarget } from './many-targets.ts';
import { findTarget } from './target.ts';
import { targetName } from './target-name.ts';

export interface Surveyed {
  /** The same for all words that mean it. */
  readonly key: string;
  /** As it is to be opened: the pod itself, where a workload or a selector was named. */
  readonly target: ListedTarget;
  /** `pod/web-0 in shop`, `node/n1` */
  readonly title: string;
  readonly subject: Subject;
  readonly pod?: Pod;
}

/** @throws {UserError} exit 2 or 3: there is no such thing, or it may not be read */
export async function survey(
  target: ListedTarget,
  session: SessionFlags,
  finding: Finding,
): Promise<Surveyed> {
  const { spec, namespace } = target;
  const { signal, shared } = finding;
  if (isPodTarget(spec)) {
    const client = await clientIn(finding, namespace);
    const pod = await targetPod(client, spec, signal);
    const identity = identityOf(pod);
    const node = pod.spec?.nodeName;
    return {
      key: JSON.stringify(['pod', identity.namespace, identity.name]),
      target: {
        spec: { kind: 'name', name: identity.name },
        namespace: identity.namespace,
        ...(node === undefined ? {} : { node }),
      },
      title: `pod/${identity.name} in ${identity.namespace}`,
      subject: podSubject(new KubeView(client, signal, [pod], shared.reads), pod),
      pod,
    };
  }
  if (spec.kind === 'node') {
    const client = await clientIn(finding, undefined);
    const node = await readNode(client, spec.name, signal);
    const subject = nodeSubject(new KubeView(client, signal, [], shared.reads), spec.name, node);
    return {
      key: JSON.stringify(['node', spec.name]),
      target: { spec, node: spec.name },
      title: `node/${spec.name}`,
      subject,
    };
  }
  const { connection } = finding;
  const { subject } = await findTarget({ connection, session, target: spec }, signal, shared);
  return { key: JSON.stringify(spec), target: { spec }, title: targetName({ spec }), subject };
}
