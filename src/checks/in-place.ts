/**
 * Remedies for the target at hand: the one for outside of a cluster where there is none, with commands that name the
 * target, so that they can be pasted. Pure.
 */
import { type Advice, adviceText, type Whereabouts } from '../model/advice.ts';
import type { Judgement } from '../model/check.ts';
import { type ClusterChoice, clusterFlags } from '../model/cluster-choice.ts';
import type { FindingMeta, Occurrence } from '../model/finding.ts';
import type { TargetInfo } from '../model/report.ts';
import { shellWord } from '../model/shell-word.ts';
import type { Unlinked } from './causes.ts';
import { FINDINGS } from './findings.ts';

const METAS: ReadonlyMap<string, FindingMeta> = new Map(FINDINGS.map((meta) => [meta.id, meta]));

/**
 * The findings with remedies for their target.
 * @param choice of the cluster, which their commands name too
 */
export function inPlace(
  found: Judgement['findings'],
  target: TargetInfo,
  choice: ClusterChoice = {},
): Unlinked[] {
  const where = whereabouts(target, choice);
  return found.map((finding) => ({ ...finding, remediation: adviceText(remedyFor(finding, target), where) }));
}

/** What a rule says of the case at hand is right everywhere; its usual remedy speaks of a pod. */
function remedyFor({ id, remediation }: Occurrence, { kind, netns }: TargetInfo): Advice {
  const meta = METAS.get(id);
  if (remediation !== meta?.remedy || kind === 'pod') return remediation;
  // What is about a host's own links and routes has nothing to do with the pods on it.
  const isOutside = kind !== 'node' || (netns === undefined && meta.scope === 'host');
  return (isOutside ? meta.remedyOutside : undefined) ?? remediation;
}

function whereabouts(target: TargetInfo, choice: ClusterChoice): Whereabouts {
  const { kind, name, namespace, node } = target;
  const own = kind === 'node' ? name : node;
  return {
    choice,
    target: typed(target, choice),
    ...(kind === 'pod' ? { pod: place(name, namespace, choice) } : {}),
    ...(own ? { node: `node/${own}` } : {}),
  };
}

function place(name: string, namespace: string | undefined, choice: ClusterChoice): string {
  return `${name}${namespace === undefined ? '' : ` -n ${shellWord(namespace)}`}${clusterFlags(choice)}`;
}

/** The words that name it on the command line. */
function typed({ kind, name, namespace, netns }: TargetInfo, choice: ClusterChoice): string {
  const switched = netns === undefined ? '' : ` --netns ${shellWord(netns)}`;
  switch (kind) {
    case 'pod':
      return place(name, namespace, choice);
    case 'node':
      return place(`node/${name}${switched}`, choice.namespace, choice);
    case 'docker':
      return `docker://${name}`;
    case 'netns':
    case 'pid':
      return shellWord(`${kind}:${name}`);
    case 'local':
      return `local${switched}`;
  }
}
