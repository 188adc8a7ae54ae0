import { advice, kubectl, verbatim } from '../../../model/advice.ts';

/** NT-SVC-003, which the firewall check raises too. */
export const meta = {
  id: 'NT-SVC-003',
  title: 'The endpoints answer, the cluster IP does not',
  severities: ['critical'],
  meaning:
    "Every endpoint of the Service answers by itself, but connections to its cluster IP fail: the node does not translate the address. kube-proxy, or its replacement, is not running on the target's node or lags behind with its rules, or something there filters the address. Or an endpoint is a NodePort of the target's own node, which translates the destination of a connection once.",
  rule: 'All endpoints that were probed answer, at least one, and connections to the cluster IP fail; neither a local traffic policy nor a hairpin explains it. Or the address of the Service refuses a connection, and all of its endpoints take one.',
  source: 'Kubernetes documentation, "Debug Services", "Is the kube-proxy working?"',
  remedy: advice`Look at kube-proxy on the target's node: ${kubectl`get pods -n kube-system -o wide -l k8s-app=kube-proxy`}, its log, and its rules (nft list table ip kube-proxy, or iptables-save | grep NAME). ${verbatim`kubectl nettools service`} with that node as the TARGET compares them with the API.`,
} as const;
