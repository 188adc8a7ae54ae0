/** The Kubernetes objects that the tool reads, most as client-node types them. Type-only: nothing of it is loaded. */
import type { NetworkPolicySpec } from './network-policy.ts';

export type {
  CoreV1Event,
  V1Container as Container,
  V1ContainerStatus as ContainerStatus,
  V1EndpointSlice as EndpointSlice,
  V1EphemeralContainer as EphemeralContainer,
  V1Namespace as Namespace,
  V1Node as Node,
  V1ObjectMeta as ObjectMeta,
  V1Pod as Pod,
  V1Service as Service,
} from '@kubernetes/client-node';

/** A NetworkPolicy as the API sends it, which is not as client-node types it: there `from` is `_from`. */
export interface NetworkPolicyObject {
  readonly metadata?: {
    readonly namespace?: string;
    readonly name?: string;
    readonly creationTimestamp?: string;
  };
  readonly spec?: NetworkPolicySpec;
}

/** Of a pod, from metrics.k8s.io: as much of it as is read. Quantities. */
export interface PodMetrics {
  readonly containers?: readonly { readonly name: string; readonly usage?: { readonly memory?: string } }[];
}

interface MemoryStats {
  readonly workingSetBytes?: number;
}

/** Of a node, from its kubelet (k8s.io/kubelet/pkg/apis/stats/v1alpha1): as much of it as is read. */
export interface StatsSummary {
  readonly pods?: readonly {
    readonly podRef?: { readonly namespace: string; readonly name: string };
    readonly memory?: MemoryStats;
    readonly containers?: readonly { readonly name: string; readonly memory?: MemoryStats }[];
  }[];
}
