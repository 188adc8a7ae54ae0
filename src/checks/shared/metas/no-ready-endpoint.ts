/** NT-SVC-001, which the firewall check raises too. */
import { advice, kubectl } from '../../../model/advice.ts';

export const meta = {
  id: 'NT-SVC-001',
  title: 'The Service has no ready endpoint',
  severities: ['critical', 'warning'],
  meaning:
    'The Service has no pod behind it, so the node refuses or drops whatever is sent to it, for all clients alike. Its selector matches no pod, or none that is ready; or its endpoints are written for a port of another name. The names of a headless Service are those of its endpoints: they do not resolve then.',
  rule: 'The EndpointSlices of the Service list no endpoint that is ready (API). A warning as long as endpoints that are terminating still serve and connections reach them. Not of a global Service of Cilium (annotation service.cilium.io/global) that takes connections: endpoints of other clusters need not be listed.',
  source:
    'Kubernetes documentation, "Debug Services"; kube-proxy rejects what has no endpoint, and falls back to terminating ones that serve (KEP-1669)',
  remedy: advice`Compare the selector with the pods' labels (${kubectl`get pods -l SELECTOR`}) and see why pods are not ready (${kubectl`describe pod`}).`,
  explains: { depth: 610, subject: ['NT-FW', 'NT-LAT', 'NT-SVC-003', 'NT-SOCK-001', 'NT-TLS'] },
} as const;
