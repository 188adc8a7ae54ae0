/** Kernels of Debian, and what the watcher of drops has to say on each. */

/** A machine to boot. */
export interface Kernel {
  readonly name: string;
  readonly suite: string;
  readonly architecture: 'amd64' | 'arm64';
  /** Its packages; the newest of several versions. */
  readonly packages: readonly RegExp[];
  /** Words for the kernel, or for guest.sh. */
  readonly words?: string;
  /** Of the watcher's only line where it cannot watch; absent: it names all drops of guest.sh. */
  readonly refusal?: RegExp;
}

const cloud = (version: string, architecture: Kernel['architecture']): RegExp =>
  new RegExp(`^linux-image-${version}[^ ]*-cloud-${architecture}-unsigned$`);

const trixie = {
  suite: 'trixie',
  architecture: 'amd64',
  packages: [cloud('6\\.12', 'amd64')],
} as const satisfies Partial<Kernel>;

export const KERNELS: readonly Kernel[] = [
  {
    name: '5.10',
    suite: 'bullseye',
    architecture: 'amd64',
    packages: [cloud('5\\.10', 'amd64')],
    refusal: /^old-kernel: the kernel gives no reasons for drops: Linux 5\.17 and later do$/,
  },
  { name: '6.1', suite: 'bookworm', architecture: 'amd64', packages: [cloud('6\\.1', 'amd64')] },
  { name: '6.12', ...trixie },
  { name: '6.12, locked down (integrity)', ...trixie, words: 'lockdown=integrity' },
  {
    name: '6.12, locked down (confidentiality)',
    ...trixie,
    words: 'lockdown=confidentiality',
    refusal: /^lockdown: the kernel is locked down \(confidentiality\)$/,
  },
  {
    name: '6.12 without BTF',
    ...trixie,
    words: 'nettools.btf=off',
    refusal: /^no-btf: the kernel does not describe its types /,
  },
  {
    name: 'sid',
    suite: 'sid',
    architecture: 'amd64',
    packages: [/^linux-binary-unsigned-\d[^ ]*-cloud-amd64$/, /^linux-modules-\d[^ ]*-cloud-amd64$/],
  },
  {
    name: '6.12, arm64',
    suite: 'trixie',
    architecture: 'arm64',
    packages: [cloud('6\\.12', 'arm64')],
  },
];

/** Drops that guest.sh makes in its own namespace b: reason, and how many packets at least. Their names are one in all of these kernels. */
export const EXPECTED: readonly (readonly [string, number])[] = [
  // UDP to port 9, of IPv4 and IPv6.
  ['NETFILTER_DROP', 10],
  // UDP to port 10 of both, and TCP to port 12.
  ['NO_SOCKET', 15],
  ['TC_INGRESS', 5],
  ['IP_RPFILTER', 3],
  ['IP_INNOROUTES', 3],
  ['NEIGH_FAILED', 1],
  ['CPU_BACKLOG', 1],
];

/** Those of flows to 198.51.100.2, whose namespace is told without a list of namespaces. */
export const OF_ONE: readonly (readonly [string, number])[] = [
  ['NETFILTER_DROP', 5],
  ['NO_SOCKET', 10],
  ['TC_INGRESS', 5],
  ['IP_RPFILTER', 3],
];
