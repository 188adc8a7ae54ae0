/** The Kubernetes objects that the tool reads, as client-node types them. Type-only: nothing of it is loaded. */
export type {
  CoreV1Event,
  V1ContainerStatus as ContainerStatus,
  V1EndpointSlice as EndpointSlice,
  V1EphemeralContainer as EphemeralContainer,
  V1Namespace as Namespace,
  V1Node as Node,
  V1ObjectMeta as ObjectMeta,
  V1Pod as Pod,
  V1Service as Service,
} from '@kubernetes/client-node';
