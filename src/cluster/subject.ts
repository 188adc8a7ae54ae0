/** What is known of a target before it is examined: from the command line and, if there is one, the API. Pure. */
import type { DockerClient } from '../docker/client.ts';
import type { HostSources } from '../docker/host.ts';
import type { DockerContainer } from '../docker/types.ts';
import type { ClusterView } from '../model/cluster-view.ts';
import type { Node, Pod } from '../model/kube-objects.ts';

/** The owner of the network namespace that a command looks into. */
export interface Subject {
  /** The cluster that it belongs to; absent: it belongs to none. */
  readonly cluster?: ClusterView;
  /** One that the user named though the target belongs to none: it is asked whose the addresses of DESTs are, and nothing else. */
  readonly named?: ClusterView;
  /** The pod whose network it is. */
  readonly pod?: Pod;
  /** The Docker container whose network it is, and the engine that runs it. */
  readonly docker?: { readonly client: DockerClient; readonly container: DockerContainer };
  /** What says which Docker engine runs on this machine, where the target is this machine itself. */
  readonly engine?: HostSources;
  /** The node that it is, or runs on. */
  readonly node?: string;
  /** It is a host's own network: its interfaces, rules and connections are not those of a pod or container alone. */
  readonly isHost: boolean;
  /** Its own addresses as the API has them; empty where it names none. */
  readonly addresses: readonly string[];
}

/** A pod as a subject. */
export function podSubject(cluster: ClusterView, pod: Pod): Subject {
  const { spec, status } = pod;
  const all = (status?.podIPs ?? []).map(({ ip }) => ip);
  const node = spec?.nodeName;
  return {
    cluster,
    pod,
    ...(node === undefined ? {} : { node }),
    isHost: spec?.hostNetwork === true,
    addresses: all.length > 0 ? all : status?.podIP === undefined ? [] : [status.podIP],
  };
}

/** A node as a subject, as far as the user may read it. */
export function nodeSubject(cluster: ClusterView, name: string, node: Node | undefined): Subject {
  const all = node?.status?.addresses ?? [];
  const own = all.filter(({ type }) => type === 'InternalIP' || type === 'ExternalIP');
  return { cluster, node: name, isHost: true, addresses: own.map(({ address }) => address) };
}
