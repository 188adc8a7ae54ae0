/** NT-SVC-021, which the firewall check raises too. */
import { LOST_PACKETS } from '../effects.ts';

export const meta = {
  id: 'NT-SVC-021',
  title: 'An endpoint answers straight, from an address that was not asked',
  severities: ['critical'],
  meaning:
    "A pod asks a Service by a way for those outside: a node's port, or a load balancer's address. Who leads it on translates the destination and keeps the pod's address as the source. The endpoint answers that address straight, inside of the cluster, past who has translated: the pod gets an answer from an address that it did not ask, and resets it. Endpoints that answer by the same node work, so that a share of connections fails; where all endpoints are so, none works. From outside of the cluster all is well.",
  rule: "A capture in the target shows the answer (SYN, ACK) to a SYN of a probe, known by the number that it acknowledges, with another source than the destination; DEST is the NodePort of a node that is not the target's, or the address of a load balancer that takes it itself (ipMode Proxy, API); and connections to it get no answer. Where nobody may capture, NT-LAT-002 tells what may be.",
  source:
    'RFC 9293, section 3.10.7.3 (SYN-SENT: other addresses belong to no connection); kubernetes/kubernetes#104105, #44916, #66796',
  remedy:
    'From inside of the cluster use the Service itself, by its name or its cluster IP. Otherwise let whoever leads the connection on masquerade it (kube-proxy: --cluster-cidr, --masquerade-all; a load balancer: without the preservation of client addresses).',
  explains: { depth: 631, subject: [...LOST_PACKETS, 'NT-FW-005', 'NT-PATH', 'NT-SVC-011'] },
} as const;
