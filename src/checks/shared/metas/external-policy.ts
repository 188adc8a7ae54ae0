/** NT-SVC-011, which the firewall check raises too. */
export const meta = {
  id: 'NT-SVC-011',
  title: 'External traffic policy Local, and no endpoint on the node',
  severities: ['critical', 'warning', 'info'],
  meaning:
    "The Service's externalTrafficPolicy is Local: a node takes connections from outside for endpoints of its own only, and drops them where it has none. So the same port works on one node and times out on another. Pods and programs of the node itself may get through all the same.",
  rule: "externalTrafficPolicy is Local, and none of the Service's ready endpoints is on the node: for a node as the target, by the API (a warning; an info for a load balancer, whose health check passes over such nodes); for a DEST that is a node's address and NodePort, or a load balancer's address or an external IP that the target's node takes, where connecting gets no answer (critical).",
  source:
    'Kubernetes documentation, "Preserving the client source IP"; kube-proxy drops what has no endpoint for external traffic',
  remedy:
    'Send to nodes that have an endpoint, run one on every node that clients are sent to (a DaemonSet), or set externalTrafficPolicy to Cluster, which hides the address of the client from the pod. A load balancer has to ask healthCheckNodePort of each node.',
  explains: { depth: 632, subject: ['NT-FW', 'NT-PATH', 'NT-LAT', 'NT-TLS'] },
} as const;
