/** Accounts with chosen rights. The admin impersonates them, so no token is needed. */
import type { Manifest, TestNamespace } from './cluster.ts';

/** One rule of a Role. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
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
  return ['--as', `system:serviceaccount:${ns.name}:${name}`];
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
