/**
 * Remedies for the target at hand: the one for outside of a cluster where there is none, with commands that name the
 * target, so that they can be pasted. Pure.
 */
import { type ClusterChoice, clusterFlags, withClusterFlags } from '../model/cluster-choice.ts';
import type { FindingMeta } from '../model/finding.ts';
import type { CheckResult, Finding, TargetInfo } from '../model/report.ts';
import { shellWord } from '../model/shell-word.ts';
import { FINDINGS } from './findings.ts';

const METAS: ReadonlyMap<string, FindingMeta> = new Map(FINDINGS.map((meta) => [meta.id, meta]));

/**
 * The result with remedies for its target.
 * @param choice of the cluster, which their commands name too
 */
export function inPlace(result: CheckResult, target: TargetInfo, choice: ClusterChoice = {}): CheckResult {
  return {
    ...result,
    findings: result.findings.map((finding) => ({
      ...finding,
      remediation: named(withClusterFlags(remedyFor(finding, target), choice), target, choice),
    })),
  };
}

/** What a rule says of the case at hand is right everywhere; its usual remedy speaks of a pod. */
function remedyFor({ id, remediation }: Finding, { kind, netns }: TargetInfo): string {
  const meta = METAS.get(id);
  if (remediation !== meta?.remedy || kind === 'pod') return remediation;
  // What is about a host's own links and routes has nothing to do with the pods on it.
  const isOutside = kind !== 'node' || (netns === undefined && meta.scope === 'host');
  return (isOutside ? meta.remedyOutside : undefined) ?? remediation;
}

/** With the target in the place of `TARGET`, and its node in that of `node/NODE`. */
function named(text: string, target: TargetInfo, choice: ClusterChoice): string {
  const { kind, name, namespace, node } = target;
  const own = kind === 'node' ? name : node;
  return text
    .replace(
      /\b(kubectl nettools [a-z]+) TARGET\b/g,
      (_all, command) => `${command} ${typed(target, choice)}`,
    )
    .replace(
      /\bkubectl delete pod POD\b/g,
      kind === 'pod' ? `kubectl delete pod ${place(name, namespace, choice)}` : '$&',
    )
    .replace(/\bnode\/NODE\b/g, own ? `node/${own}` : '$&');
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
