/** Which rights the pods of a Job get: those of docs/rbac that the command needs, and no others. Pure. */
import type { TargetSpec } from '../model/args.ts';
import type { JobWork } from '../model/job-args.ts';

/** As a Role has it. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** What a Job is allowed, in its namespace and in all of the cluster. */
export interface JobRights {
  readonly namespaced: readonly Rule[];
  readonly cluster: readonly Rule[];
}

export const rule = (apiGroup: string, resources: string, verbs: string): Rule => ({
  apiGroups: [apiGroup],
  resources: resources.split(' '),
  verbs: verbs.split(' '),
});

/** The Roles of docs/rbac by their names; a unit test holds them against the files. */
export const DOCUMENTED = {
  'nettools-pod-user': [
    rule('', 'pods', 'get watch'),
    rule('', 'pods/ephemeralcontainers', 'patch'),
    rule('', 'pods/exec', 'get create'),
  ],
  'nettools-pod-user-names': [
    rule('', 'pods', 'list'),
    rule('', 'services', 'get'),
    rule('discovery.k8s.io', 'endpointslices', 'list'),
    rule('apps', 'deployments statefulsets daemonsets replicasets', 'get'),
    rule('batch', 'jobs', 'get'),
  ],
  'nettools-pod-user-more': [
    rule('', 'events', 'watch'),
    rule('', 'services', 'list'),
    rule('', 'namespaces', 'get'),
    rule('networking.k8s.io', 'networkpolicies', 'list'),
    rule('metrics.k8s.io', 'pods', 'get'),
  ],
  'nettools-node-user': [
    rule('', 'pods', 'create get list watch patch delete'),
    rule('', 'pods/exec', 'get create'),
  ],
  'nettools-node-user-more': [rule('', 'events', 'watch')],
  'nettools-node-reader': [rule('', 'nodes', 'get list')],
} as const satisfies Readonly<Record<string, readonly Rule[]>>;

export type RoleName = keyof typeof DOCUMENTED;

export const POD_ROLES: readonly RoleName[] = [
  'nettools-pod-user',
  'nettools-pod-user-names',
  'nettools-pod-user-more',
];
export const NODE_ROLES: readonly RoleName[] = ['nettools-node-user', 'nettools-node-user-more'];

/** What the command that a Job runs needs. */
export function rightsOf(work: JobWork): JobRights {
  const { hasPods, hasNodes, isEverywhere } = reachOf(work);
  const pods = hasPods ? POD_ROLES : [];
  const nodes = hasNodes || work.usesNodes ? NODE_ROLES : [];
  return {
    namespaced: rulesOf([...(isEverywhere ? [] : pods), ...nodes]),
    cluster: rulesOf([
      ...(isEverywhere ? pods : []),
      // Names the nodes, and pods' zones where it is given anyway.
      ...(hasNodes || isEverywhere ? (['nettools-node-reader'] as const) : []),
    ]),
  };
}

/** @param more of no documented Role */
export function rulesOf(names: readonly RoleName[], more: readonly Rule[] = []): Rule[] {
  return merged([...names.flatMap((name): readonly Rule[] => DOCUMENTED[name]), ...more]);
}

/** One rule for each resource. */
function merged(rules: readonly Rule[]): Rule[] {
  const byResource = new Map<string, { group: string; resource: string; verbs: Set<string> }>();
  for (const { apiGroups, resources, verbs } of rules) {
    for (const group of apiGroups) {
      for (const resource of resources) {
        const key = `${group}/${resource}`;
        const known = byResource.get(key) ?? { group, resource, verbs: new Set<string>() };
        for (const verb of verbs) known.verbs.add(verb);
        byResource.set(key, known);
      }
    }
  }
  return [...byResource.values()].map(({ group, resource, verbs }) => ({
    apiGroups: [group],
    resources: [resource],
    verbs: [...verbs],
  }));
}

interface Reach {
  readonly hasPods: boolean;
  readonly hasNodes: boolean;
  readonly isEverywhere: boolean;
}

function reachOf(work: JobWork): Reach {
  switch (work.kind) {
    case 'one':
      return { ...kindsIn([work.target]), isEverywhere: false };
    case 'many': {
      const { named, nodes, allNamespaces } = work.many;
      const { hasPods, hasNodes } = kindsIn(named);
      return { hasPods: hasPods && !nodes, hasNodes: hasNodes || nodes, isEverywhere: allNamespaces };
    }
    case 'matrix': {
      const words = [...work.matrix.from, ...(work.matrix.to ?? [])];
      const hasNodes = words.some(({ kind }) => kind === 'nodes' || kind === 'node');
      const hasPods = words.some(({ kind }) => kind !== 'nodes' && kind !== 'node');
      return { hasPods, hasNodes, isEverywhere: work.matrix.allNamespaces };
    }
  }
}

function kindsIn(targets: readonly TargetSpec[]): Pick<Reach, 'hasPods' | 'hasNodes'> {
  return {
    hasPods: targets.some(({ kind }) => kind !== 'node'),
    hasNodes: targets.some(({ kind }) => kind === 'node'),
  };
}
