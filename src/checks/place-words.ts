/**
 * The checks speak of a pod and of the image that its tools are from; this names the pod, and says the same of other
 * targets. Pure.
 */
import { type ClusterChoice, clusterFlags, withClusterFlags } from '../model/cluster-choice.ts';
import type { FindingMeta } from '../model/finding.ts';
import type { CheckResult, TargetInfo } from '../model/report.ts';
import { shellWord } from '../model/shell-word.ts';
import { FINDINGS } from './findings.ts';

type Words = readonly (readonly [string, string])[];

/** Where no cluster is there are no policies, which goes without saying. */
const NO_CLUSTER: Words = [
  ['; no NetworkPolicy selects either end, so it is none of them', ''],
  ['; what NetworkPolicies say is not known', ''],
];

const CONTAINER: Words = [
  ...NO_CLUSTER,
  ["the pod's own namespace", "the container's own namespace"],
  ['those of Services, NetworkPolicies and NAT', 'those of published ports and NAT'],
  ["in the node's table, which a pod does not see", "in the host's table, which a container does not see"],
  ['a pod does not see it', 'a container does not see it'],
  ["the node's connection table", "the host's connection table"],
];

const MACHINE: Words = [
  ...NO_CLUSTER,
  ['the image has no', 'this machine has no'],
  ["the image's", "this machine's"],
  ['use --profile netadmin', 'run it as root (sudo)'],
  ["the node's connection table", "this machine's connection table"],
];

const NAMESPACE: Words = [
  ...MACHINE,
  ["the pod's own namespace", 'this namespace'],
  ['those of Services, NetworkPolicies and NAT', "those of the machine's firewall and NAT"],
  ["in the node's table, which a pod does not see", "in the machine's table, which is not seen from here"],
  ['a pod does not see it', 'it is not seen from here'],
];

const WORDS: Readonly<Record<TargetInfo['kind'], Words>> = {
  pod: [],
  node: [],
  docker: CONTAINER,
  local: MACHINE,
  netns: NAMESPACE,
  pid: NAMESPACE,
};

const METAS: ReadonlyMap<string, FindingMeta> = new Map(FINDINGS.map((meta) => [meta.id, meta]));

/** What is about a node's own links and routes has nothing to do with pods. */
const OF_A_HOST: ReadonlySet<string> = new Set(['NT-ARP-001', 'NT-RT-001', 'NT-RT-005', 'NT-IF-001']);

/**
 * The result in the target's own words; its remedies' commands name the target, so that they can be pasted.
 * @param choice of the cluster, which they name too
 */
export function inPlace(result: CheckResult, target: TargetInfo, choice: ClusterChoice = {}): CheckResult {
  const say = (text: string): string =>
    WORDS[target.kind].reduce((said, [pods, own]) => said.replaceAll(pods, own), text);
  const commands = (text: string): string => named(withClusterFlags(say(text), choice), target, choice);
  return {
    ...result,
    summary: say(result.summary),
    findings: result.findings.map((finding) => {
      const { id, summary, remediation } = finding;
      const meta = METAS.get(id);
      // What a rule says of the case at hand is right everywhere.
      const isOutside =
        remediation === meta?.remedy &&
        target.kind !== 'pod' &&
        (target.kind !== 'node' || (target.netns === undefined && OF_A_HOST.has(id)));
      const remedy = (isOutside ? meta?.remedyOutside : undefined) ?? remediation;
      return { ...finding, summary: say(summary), remediation: commands(remedy) };
    }),
  };
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
