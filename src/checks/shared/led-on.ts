/** What the latency check and the firewall check both say of ways that lead on what a pod sends. Pure. */
import { type Advice, advice, kubectl } from '../../model/advice.ts';
import type { Occurrence } from '../../model/finding.ts';
import type { Published } from '../../model/published.ts';
import type { Quote } from '../../model/report.ts';
import { meta } from './metas/straight-answer.ts';
import { occurrence } from './rule.ts';
import type { StrayAnswers } from './stray-answers.ts';

/** A way into a Service by which endpoints may answer the target straight. */
export type LedOn = Published & Required<Pick<Published, 'astray'>>;

export function isLedOn(published: Published | undefined): published is LedOn {
  return published?.astray !== undefined;
}

/**
 * Why answers of some endpoints do not come back the way that was asked, continuing a sentence about the destination.
 * @param isSeen such answers were heard: nothing else is possible
 */
export function ledOnText(
  { label, by, node, isLocal, astray: { own, nodes } }: LedOn,
  isSeen: boolean,
): string {
  const direct = 'is answered to the target directly, from an address that it did not ask';
  if (by === 'load balancer')
    return `it is the load balancer's address of ${label}, which takes connections itself (ipMode Proxy)${isSeen ? ' and keeps the addresses of clients:' : '; where it keeps the addresses of clients,'} what it leads back into the cluster ${direct}`;
  const whose =
    nodes.length === 1 && nodes[0] === own
      ? `the endpoint on ${own}, the target's own node,`
      : `endpoints on ${nodes.join(', ')}`;
  const led = `what ${node} leads to ${whose} ${direct}`;
  if (isLocal)
    return `it is the NodePort of ${label} on ${node}, with externalTrafficPolicy Local, and kube-proxy takes pods for clients of the inside: it leads them to all endpoints, those on other nodes too, and does not masquerade them; ${led}`;
  return isSeen
    ? `it is the NodePort of ${label} on ${node}, which does not masquerade what it leads on for pods: ${led}`
    : `it is the NodePort of ${label} on ${node}; where that node does not masquerade what it leads on, ${led}`;
}

export function ledOnAdvice({ label, by, namespace, name, node }: LedOn): Advice {
  const how =
    by === 'load balancer'
      ? advice`If it has to be the load balancer's address: switch off what keeps the addresses of clients there (of an AWS network load balancer preserve_client_ip.enabled=false of the target group, or the PROXY protocol in its place), set externalTrafficPolicy to Cluster, or keep the Service's pods off the nodes of its clients.`
      : advice`If it has to be the port: make sure that ${node ?? 'the node'} masquerades what comes from pods (kube-proxy's --cluster-cidr and --masquerade-all; with externalTrafficPolicy Cluster it does so for ports of nodes), or keep the Service's pods off the nodes of its clients.`;
  return advice`From inside of the cluster use ${label} itself, by its name or its cluster IP, and not a way for those outside. ${how}\n${kubectl`get service -n ${namespace} ${name} -o jsonpath={.spec.externalTrafficPolicy}`}`;
}

/** @param what the destination and what became of it, such as `3 of 6 connections to … got no answer` */
export function straightAnswer(
  what: string,
  ledOn: LedOn,
  { from, connections, quotes }: StrayAnswers,
  { subject, evidence }: { readonly subject: string; readonly evidence: readonly Quote[] },
): Occurrence {
  return occurrence(
    meta,
    'critical',
    `${what}: ${ledOnText(ledOn, true)}. ${from.join(', ')} answered ${connections === 1 ? 'one connection' : `${connections} connections`} of the run so, and the target's kernel resets what it knows of none.`,
    [...quotes, ...evidence],
    { subject, remediation: ledOnAdvice(ledOn) },
  );
}
