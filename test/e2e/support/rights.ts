/** Accounts with chosen rights. The admin impersonates them, so no token is needed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { repoDir } from '../../cluster/paths.ts';
import { until } from '../../cluster/proc.ts';
import { kubectl, type Manifest, type TestNamespace } from './cluster.ts';

/** One rule of a Role. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** A manifest of docs/rbac: its path, and the rules of its Roles and ClusterRoles by their names. */
export function documentedRights(name: string): { file: string; roles: Readonly<Record<string, Rule[]>> } {
  const file = join(repoDir, 'docs/rbac', name);
  const objects = loadAll(readFileSync(file, 'utf8')) as {
    kind: string;
    metadata: { name: string };
    rules?: Rule[];
  }[];
  const roles = objects.flatMap(({ kind, metadata, rules }) =>
    /^(Cluster)?Role$/.test(kind) && rules ? [[metadata.name, rules] as const] : [],
  );
  return { file, roles: Object.fromEntries(roles) };
}

/** Flags that act as a member of the group that the manifests of docs/rbac bind their Roles to. */
export const asMember: readonly string[] = ['--as', 'somebody', '--as-group', 'nettools-users'];

/** The user name of a ServiceAccount. */
export function accountName(ns: TestNamespace, name: string): string {
  return `system:serviceaccount:${ns.name}:${name}`;
}

/** Somebody whom the API server is asked about. */
interface Subject {
  readonly user: string;
  readonly groups?: readonly string[];
}

/**
 * Waits until the API server's authorizer has heard of each Role: by one of its rights, since a Role comes as a whole.
 * @param namespace where the right is bound; without it, in the whole cluster
 */
export async function granted(
  subject: Subject,
  roles: readonly (readonly Rule[])[],
  namespace?: string,
): Promise<void> {
  for (const [rule] of roles) {
    if (rule === undefined) continue;
    const [resource = '', subresource] = rule.resources[0]?.split('/') ?? [];
    const resourceAttributes = {
      group: rule.apiGroups[0],
      resource,
      subresource,
      // A verb that stands for all is asked for as one of them.
      verb: rule.verbs[0] === '*' ? 'get' : rule.verbs[0],
      namespace,
    };
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { ...subject, resourceAttributes },
    };
    const ask = ['create', '-f', '-', '-o', 'jsonpath={.status.allowed}'];
    await until(`the right of ${subject.user} to ${rule.verbs[0]} ${rule.resources[0]}`, 60, async () => {
      return (await kubectl(ask, JSON.stringify(review))) === 'true' || 'not granted';
    });
  }
}

/** Waits until the members of {@link asMember} have what a manifest grants them in a namespace. */
export function grantedToMembers(
  ns: TestNamespace,
  roles: Readonly<Record<string, readonly Rule[]>>,
): Promise<void> {
  return granted({ user: 'somebody', groups: ['nettools-users'] }, Object.values(roles), ns.name);
}

/** Makes a ServiceAccount that has these rights in its namespace; returns the flags that act as it. */
export async function accountWith(
  ns: TestNamespace,
  name: string,
  rules: readonly Rule[],
): Promise<string[]> {
  const metadata = { name };
  const role: Manifest = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata, rules };
  const binding: Manifest = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', name, namespace: ns.name }],
  };
  await ns.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata }, role, binding);
  const user = accountName(ns, name);
  await granted({ user }, [rules], ns.name);
  return ['--as', user];
}

/** Each single right of rules, as a row of a table: the verb and the resource. */
export function singleRights(rules: readonly Rule[]): (readonly [verb: string, resource: string])[] {
  return rules.flatMap(({ resources, verbs }) =>
    resources.flatMap((resource) => verbs.map((verb) => [verb, resource] as const)),
  );
}

/** The rules without one right. */
export function without(rules: readonly Rule[], verb: string, resource: string): Rule[] {
  return rules
    .flatMap((rule) => rule.resources.map((one) => ({ ...rule, resources: [one] })))
    .map((rule) =>
      rule.resources[0] === resource ? { ...rule, verbs: rule.verbs.filter((one) => one !== verb) } : rule,
    )
    .filter(({ verbs }) => verbs.length > 0);
}
