/** Network namespaces of a machine, and who lives in them. */

/**
 * What a namespace is by whom it was made for. `host`: the machine's own. `pod`: a sandbox of Kubernetes. `container`: of Docker,
 * podman and their like. `named`: nobody lives there, and a file stands for it. `process`: of plain processes.
 */
export type NamespaceKind = 'host' | 'pod' | 'container' | 'named' | 'process';

/** A process that lives in a namespace. */
export interface NamespaceProcess {
  readonly pid: number;
  /** Its name as the kernel has it: 15 characters at most. */
  readonly command: string;
}

/** A pod; its name is absent where nobody knows more than its uid. */
export interface NamespacePod {
  readonly uid: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** A container whose processes live in a namespace. */
export interface NamespaceContainer {
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** `docker`, `podman`, `containerd`, `cri-o`; absent where the cgroup's name does not tell. */
  readonly runtime?: string;
  readonly name?: string;
}

/** An interface; the loopback interface is not listed. */
export interface NamespaceInterface {
  readonly name: string;
  readonly index: number;
  /** `veth`, `bridge`, …; absent for hardware. */
  readonly kind?: string;
  /** As in RFC 2863: `UP`, `DOWN`, … */
  readonly state: string;
  /** With the length of the prefix: `198.51.100.7/24`; those of the link's own scope are left out. */
  readonly addresses: readonly string[];
  /** The other end: of a veth pair, or the interface that this one stands on. */
  readonly peer?: { readonly inode: string; readonly name: string };
}

/** One network namespace. */
export interface NetworkNamespace {
  /** Its inode number, which is its identity as long as it lives. */
  readonly inode: string;
  readonly kind: NamespaceKind;
  /** Files that stand for it: `/run/netns/blue`. */
  readonly paths: readonly string[];
  /** The one that has been there longest first. Those of the machine's own namespace are only counted. */
  readonly processes: readonly NamespaceProcess[];
  readonly processCount: number;
  /** Of the kind `pod` the pod it is; of others the pods that share it, as those of a host's network do. */
  readonly pods: readonly NamespacePod[];
  readonly containers: readonly NamespaceContainer[];
  readonly interfaces: readonly NamespaceInterface[];
  /** Why its interfaces are not known. */
  readonly unread?: string;
}

/** The word that chooses it among those of its machine: a name where it has one, else its number. */
export function namespaceWord({ kind, pods: [pod], containers, paths, inode }: NetworkNamespace): string {
  if (kind === 'host') return 'host';
  const [container] = containers;
  if (kind === 'pod' && pod?.name !== undefined) return `${pod.namespace}/${pod.name}`;
  if ((kind === 'pod' || kind === 'container') && container) {
    return container.name ?? container.id.slice(0, 12);
  }
  const [path] = paths;
  return path === undefined ? inode : fileName(path);
}

/** The last part of a path. */
export function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
