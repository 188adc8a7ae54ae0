/**
 * Where the test cluster lives: names, addresses and folders, as constants and pure functions.
 * There is one cluster per machine, so all names are fixed and shared by every clone of the project.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** `test/cluster` of this clone. */
export const clusterDir = import.meta.dirname;
/** Root of this clone. */
export const repoDir = resolve(clusterDir, '../..');
/** Git-ignored folder of this clone: the kubeconfig and links to logs. */
export const stateDir = join(clusterDir, '.state');
/** Admin kubeconfig of the cluster, in this clone. */
export const kubeconfig = join(stateDir, 'kubeconfig');

/** Data of the running cluster (etcd, containerd and kubelet roots, keys, logs); `down` removes it. */
export const dataDir = '/var/lib/kubectl-nettools-test';
/** Sockets and process records of the running cluster; `down` removes it. */
export const runDir = '/run/kubectl-nettools-test';
/** Stays locked while `up` or `down` runs. Outside runDir, because `down` removes that. */
export const lockFile = '/run/kubectl-nettools-test.lock';
/** Log files, one per component. */
export const logDir = join(dataDir, 'logs');
/** Certificates and keys. */
export const pkiDir = join(dataDir, 'pki');

/** The machine's end of the fabric (documentation range, RFC 5737). */
export const bridge = { name: 'ntbr0', address: '198.51.100.1', prefix: 24 } as const;
/** API server, reachable on all of the machine's addresses. */
export const apiPort = 16443;
/** etcd's client and peer ports on 127.0.0.1. */
export const etcdPorts = { client: 12379, peer: 12380 } as const;
/** Pods of all nodes and Services (benchmarking range, RFC 2544: never routed outside). */
export const podCidr = '198.18.0.0/16';
export const serviceCidr = '198.19.0.0/16';
export const apiServiceAddress = '198.19.0.1';
export const dnsServiceAddress = '198.19.0.10';
export const clusterDomain = 'cluster.local';
/** A plain-http registry that tests may open on the machine; both nodes are configured to pull from it. */
export const testRegistry = `${bridge.address}:5000`;

/** One node: its namespace, its place in the fabric, its folders. */
export interface ClusterNode {
  readonly name: string;
  /** Name under /run/netns. */
  readonly netns: string;
  /** The machine's end of the node's link; the other end is `eth0` in the namespace. */
  readonly link: string;
  readonly address: string;
  readonly podCidr: string;
  /** Cgroup in every hierarchy that holds the node's daemons and pods. */
  readonly cgroup: string;
  readonly dataDir: string;
  readonly runDir: string;
  readonly containerdSocket: string;
}

function clusterNode(index: 1 | 2): ClusterNode {
  const name = `node${index}`;
  return {
    name,
    netns: `nt${name}`,
    link: `ntlink${index}`,
    address: `198.51.100.1${index}`,
    podCidr: `198.18.${index}.0/24`,
    cgroup: `nt${name}`,
    dataDir: join(dataDir, name),
    runDir: join(runDir, name),
    containerdSocket: join(runDir, name, 'containerd.sock'),
  };
}

export const nodes: readonly ClusterNode[] = [clusterNode(1), clusterNode(2)];
/** Cgroup of the processes that run in the machine's own namespace. */
export const controlPlaneCgroup = 'ntcontrol';

/** Things that are built once per machine and found again by later runs and other clones. */
export function cacheDir(): string {
  const base = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return process.env.KUBECTL_NETTOOLS_CACHE || join(base, 'kubectl-nettools');
}

/** The Go modules that hold the cluster's parts. */
export type GoModule = 'kubernetes' | 'containerd' | 'coredns';
export const goModules: readonly GoModule[] = ['kubernetes', 'containerd', 'coredns'];

/** Version of a required module as its go.mod pins it, such as `v1.37.2`. */
export function pinnedVersion(module: GoModule, path: string): string {
  const text = readFileSync(join(clusterDir, 'modules', module, 'go.mod'), 'utf8');
  const version = text.match(new RegExp(`^\\s*(?:require\\s+)?${path} (v\\S+)`, 'm'))?.[1];
  if (!version) throw new Error(`${path} is not required in modules/${module}/go.mod`);
  return version;
}

/** Folder of a module's binaries; its name changes whenever go.mod or go.sum does. */
export function binDir(module: GoModule): string {
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}`);
  for (const file of ['go.mod', 'go.sum']) {
    hash.update(readFileSync(join(clusterDir, 'modules', module, file)));
  }
  return join(cacheDir(), 'bin', `${module}-${hash.digest('hex').slice(0, 16)}`);
}

/** kubectl of the cluster's own version; it exists after the first `up`. */
export function kubectlPath(): string {
  return join(binDir('kubernetes'), 'kubectl');
}
