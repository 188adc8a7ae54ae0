import type { Finding } from '../../../model/report.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { ServiceInfo, ServicesFacts } from '../facts.ts';
import { quoteApi } from '../words.ts';

const meta = {
  id: 'NT-SVC-011',
  title: 'External traffic policy Local, and no endpoint on the node',
  severities: ['critical', 'warning', 'info'],
  meaning:
    "The Service's externalTrafficPolicy is Local: a node takes connections from outside for endpoints of its own only, and drops them where it has none. So the same port works by one node and times out by another. Pods and programs of the node itself may get through all the same.",
  rule: "externalTrafficPolicy is Local, and none of the Service's ready endpoints is on the node: for a node as the target, by the API (a warning; an info for a load balancer, whose health check passes over such nodes); for a DEST that is a node's address and NodePort, or a load balancer's address or an external IP that the target's node takes, where connecting gets no answer (critical).",
  source:
    'Kubernetes documentation, "Preserving the client source IP"; kube-proxy drops what has no endpoint for external traffic',
  remedy:
    'Send to nodes that have an endpoint, run one on every node that clients are sent to (a DaemonSet), or set externalTrafficPolicy to Cluster, which hides the address of the client from the pod. A load balancer has to ask healthCheckNodePort of each node.',
  explains: { depth: 632, subject: ['NT-FW', 'NT-PATH', 'NT-LAT', 'NT-TLS'] },
} as const;

/** What mends it for one Service. */
export function externalPolicyRemedy({ namespace, name }: Pick<ServiceInfo, 'namespace' | 'name'>): string {
  return `${meta.remedy}\nkubectl get endpointslices -n ${namespace} -l kubernetes.io/service-name=${name}`;
}

/** The API's line that says so. */
export function quoteExternalPolicy({ namespace, name }: Pick<ServiceInfo, 'namespace' | 'name'>) {
  return quoteApi(
    `kubectl get service -n ${namespace} ${name} -o jsonpath={.spec.externalTrafficPolicy}`,
    'Local',
  );
}

/** `its 2 ready endpoints are on node1, node3`. */
export function endpointsOn(ready: number, nodes: readonly string[]): string {
  return `its ${ready} ready ${ready === 1 ? 'endpoint is' : 'endpoints are'} on ${nodes.join(', ')}`;
}

function judge(info: ServiceInfo, node: string): Finding[] {
  const { label, outside, ready, type } = info;
  if (outside?.isLocal !== true || ready === 0 || node === '') return [];
  // One of which it is not known where it is may be here.
  if (info.endpoints.some((one) => one.node === undefined || one.node === node)) return [];
  const nodes = [...new Set(info.endpoints.flatMap((one) => one.node ?? []))].sort();
  const port = outside.nodePort === undefined ? '' : ` for port ${outside.nodePort}`;
  const isBalanced = type === 'LoadBalancer';
  const balanced = isBalanced
    ? `; its load balancer has to pass over ${node}${outside.healthCheckNodePort === undefined ? '' : ` (health check on port ${outside.healthCheckNodePort})`}`
    : '';
  return [
    occurrence(
      meta,
      isBalanced ? 'info' : 'warning',
      `${label} has externalTrafficPolicy Local, and ${endpointsOn(ready, nodes)}, none on ${node}: what comes from outside to ${node}${port} is dropped there${balanced}.`,
      [quoteExternalPolicy(info)],
      { subject: label, remediation: externalPolicyRemedy(info) },
    ),
  ];
}

export const externalPolicy: Rule<ServicesFacts> = {
  meta,
  judge: ({ services, input }) => services.flatMap(({ info }) => judge(info, input.node)),
};
