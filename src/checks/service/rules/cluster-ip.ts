import { type Advice, advice, kubectl, NODE, nettools, verbatim } from '../../../model/advice.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { failures, type ServiceInfo, type ServicesFacts, working } from '../facts.ts';
import { attemptText, quoteAttempt } from '../words.ts';
import { isHairpin } from './hairpin.ts';

const meta = {
  id: 'NT-SVC-003',
  title: 'The endpoints answer, the cluster IP does not',
  severities: ['critical'],
  meaning:
    "Every endpoint of the Service answers by itself, but connections to its cluster IP fail: the node does not translate the address. kube-proxy, or its replacement, is not running on the target's node or lags behind with its rules, or something there filters the address.",
  rule: 'All endpoints that were probed answer, at least one, and connections to the cluster IP fail; neither a local traffic policy nor a hairpin explains it.',
  source: 'Kubernetes documentation, "Debug Services", "Is the kube-proxy working?"',
  remedy: advice`Look at kube-proxy on the target's node: ${kubectl`get pods -n kube-system -o wide -l k8s-app=kube-proxy`}, its log, and its rules (nft list table ip kube-proxy, or iptables-save | grep NAME). ${verbatim`kubectl nettools service`} with that node as the TARGET compares them with the API.`,
} as const;

/** Where the client and all endpoints share a bridge, answers may go by the rules that would translate them back. */
function remedyFor({ namespace, name, port, endpoints }: ServiceInfo, node: string): Advice {
  const isHere = node !== '' && endpoints.every((one) => one.node === node);
  const bridge = isHere
    ? advice`All endpoints are on the target's own node: if pods of other nodes reach the Service, its answers pass by the node's rules (net.bridge.bridge-nf-call-iptables, NT-RT-009).\n${nettools`routing node/${node}`}\n`
    : '';
  return advice`${bridge}Look at kube-proxy on the target's node: whether it runs (or what stands in for it), and its log. The first command compares its rules with the API.\n${nettools`service ${NODE} --to svc/${name}.${namespace}:${port}`}\n${kubectl`get pods -n kube-system -o wide -l k8s-app=kube-proxy`}`;
}

export const clusterIp: Rule<ServicesFacts> = {
  meta,
  judge: (all) =>
    all.services.flatMap((facts) => {
      const { info, virtual, isLocalOnly } = facts;
      const failed = failures(virtual);
      const [first] = failed;
      // One that fails, or of which nothing is known, may be the one that the cluster IP leads to.
      if (!first || facts.endpoints.length === 0) return [];
      if (working(facts).length < facts.endpoints.length) return [];
      if (isLocalOnly || isHairpin(facts, all)) return [];
      const others =
        all.reference?.state === 'works'
          ? "; the API server's Service works"
          : all.reference && all.reference.state !== 'unclear'
            ? "; the API server's Service fails too"
            : '';
      return [
        occurrence(
          meta,
          'critical',
          `${working(facts).length} of ${facts.endpoints.length} endpoints of ${info.label} answer, but ${failed.length} of ${virtual.length} connections to its cluster IP ${info.clusterIp}:${info.port} fail: ${attemptText(first)}${others}.`,
          [
            ...quoteAttempt(first),
            ...working(facts)
              .slice(0, 1)
              .flatMap((e) => quoteAttempt(e.attempt)),
          ],
          { subject: info.label, remediation: remedyFor(info, all.input.node) },
        ),
      ];
    }),
};
