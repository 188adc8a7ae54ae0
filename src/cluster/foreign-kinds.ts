/** Kinds that a cluster has where somebody installed them: found by the groups of its API. Pure. */

/** A resource of the API. */
export interface ForeignResource {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
}

/** What `GET /apis` says, as far as it is read. */
export interface ApiGroups {
  readonly groups?: readonly {
    readonly name: string;
    readonly preferredVersion?: { readonly version: string };
    readonly versions?: readonly { readonly version: string }[];
  }[];
}

export function kindsOf(group: string, ...kinds: readonly string[]): ForeignResource[] {
  return kinds.map((kind) => ({ group, kind, plural: pluralOf(kind.toLowerCase()) }));
}

function pluralOf(name: string): string {
  return name.endsWith('y') ? name.replace(/y$/, 'ies') : `${name}s`;
}

/** A kind that a cluster may have. */
export interface ForeignKind {
  /** Such as `CiliumNetworkPolicy (cilium.io)`. */
  readonly name: string;
  /** Where they are listed, the preferred version's first: a version of a group may have some of its kinds alone. */
  readonly paths: readonly string[];
}

/** Those whose group the cluster has. */
export function foreignPaths(
  { groups = [] }: ApiGroups,
  resources: readonly ForeignResource[],
): readonly ForeignKind[] {
  return resources.flatMap(({ group, kind, plural }) => {
    const found = groups.find(({ name }) => name === group);
    const versions = [found?.preferredVersion, ...(found?.versions ?? [])].flatMap(
      (one) => one?.version ?? [],
    );
    const paths = [...new Set(versions)].map((version) => `/apis/${group}/${version}/${plural}`);
    return paths.length === 0 ? [] : [{ name: `${kind} (${group})`, paths }];
  });
}
