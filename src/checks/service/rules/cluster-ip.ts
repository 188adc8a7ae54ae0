import { type Advice, advice, kubectl, NODE, nettools } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { socketAddress } from '../../../model/socket-address.ts';
import { meta } from '../../shared/metas/cluster-ip.ts';
import { quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import {
  type Attempt,
  endpointName,
  failures,
  type ServiceFacts,
  type ServiceInfo,
  type ServicesFacts,
  working,
} from '../facts.ts';
import { attemptText, quoteAttempt } from '../words.ts';
import { isHairpin } from './hairpin.ts';

/** Where the client and all endpoints share a bridge, answers may go by the rules that would translate them back. */
function remedyFor({ namespace, name, port, endpoints }: ServiceInfo, node: string): Advice {
  const isHere = node !== '' && endpoints.every((one) => one.node === node);
  const bridge = isHere
    ? advice`All endpoints are on the target's own node: if pods of other nodes reach the Service, its answers pass by the node's rules (net.bridge.bridge-nf-call-iptables, NT-RT-009).\n${nettools`routing node/${node}`}\n`
    : '';
  return advice`${bridge}Look at kube-proxy on the target's node: whether it runs (or what stands in for it), and its log. The first command compares its rules with the API.\n${nettools`service ${NODE} --to svc/${name}.${namespace}:${port}`}\n${kubectl`get pods -n kube-system -o wide -l k8s-app=kube-proxy`}`;
}

/** An endpoint is a NodePort of the very node, which would have to translate the connection a second time. */
function translatedTwice({ info, endpoints, virtual }: ServiceFacts, first: Attempt): Occurrence[] {
  const led = endpoints.find(({ endpoint }) => endpoint.ownNodePort !== undefined);
  if (led === undefined || first.state !== 'refused') return [];
  const { address, port, ownNodePort } = led.endpoint;
  return [
    occurrence(
      meta,
      'critical',
      `${info.label} leads to ${endpointName(led)}, the NodePort of ${ownNodePort} on the target's own node: it answers by itself, and ${failures(virtual).length} of ${virtual.length} connections to the cluster IP ${socketAddress(info.clusterIp ?? '', info.port)} fail: ${attemptText(first)}. A node translates the destination of a connection once, here the cluster IP into its own address, on which nothing listens at port ${port}.`,
      [
        quoteApi(
          kubectl`get endpointslices -n ${info.namespace} -l kubernetes.io/service-name=${info.name}`,
          `${address} port ${port}`,
        ),
        ...quoteAttempt(first),
        ...quoteAttempt(led.attempt),
      ],
      {
        subject: info.label,
        remediation: advice`Lead ${info.label} straight to what is behind that NodePort: give it the selector and targetPort of ${ownNodePort ?? ''}, or the addresses and port of its endpoints; or let clients ask for ${ownNodePort ?? ''}. From other nodes it works as it is, since the packet is translated anew where it arrives.\n${kubectl`get services -A -o wide`}`,
      },
    ),
  ];
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
      const twice = translatedTwice(facts, first);
      if (twice.length > 0) return twice;
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
          `${working(facts).length} of ${facts.endpoints.length} endpoints of ${info.label} answer, but ${failed.length} of ${virtual.length} connections to its cluster IP ${socketAddress(info.clusterIp ?? '', info.port)} fail: ${attemptText(first)}${others}.`,
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
