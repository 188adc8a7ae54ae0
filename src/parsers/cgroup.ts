/** Reads from a process's cgroup whose container it is in. Pure. */

/** Whom a cgroup belongs to. */
export interface CgroupOwner {
  /** The pod's uid with hyphens; a static pod's is a hash of its manifest, without any. */
  readonly podUid: string | undefined;
  readonly container: { readonly id: string; readonly runtime?: string } | undefined;
}

/** The kubelet's folder for a pod; its systemd driver makes the hyphens of the uid underscores. */
const POD =
  /(?:^|[-/])pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12}|[0-9a-f]{32})(?=\.slice|\/|$)/;

/** `PREFIX-ID.scope` of the systemd drivers, `PREFIX/ID` of the others. */
const CONTAINER = /(?:^|\/)(?:([a-z][a-z-]*?)[-/_])?([0-9a-f]{64})(?=\.scope|\/|$)/;

/** What the runtimes prefix their cgroups with. */
const RUNTIMES: Readonly<Record<string, string>> = {
  docker: 'docker',
  libpod: 'podman',
  'cri-containerd': 'containerd',
  nerdctl: 'containerd',
  crio: 'cri-o',
};

/** @param path of the cgroup, of version 1 or 2 */
export function cgroupOwner(path: string): CgroupOwner {
  const podUid = POD.exec(path)?.[1]?.replaceAll('_', '-');
  const [, prefix = '', id] = CONTAINER.exec(path) ?? [];
  if (id === undefined) return { podUid, container: undefined };
  const runtime = RUNTIMES[prefix];
  return { podUid, container: runtime === undefined ? { id } : { id, runtime } };
}
