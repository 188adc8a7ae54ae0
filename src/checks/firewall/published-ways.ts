/** What became of a connection to a Service by a way from outside: a NodePort, a load balancer, an external IP. Pure. */

import { kubectl } from '../../model/advice.ts';
import type { Occurrence } from '../../model/finding.ts';
import type { Published } from '../../model/published.ts';
import { endpointsOn, externalPolicyRemedy, quoteExternalPolicy } from '../shared/external-policy.ts';
import { isLedOn, straightAnswer } from '../shared/led-on.ts';
import { meta as externalPolicy } from '../shared/metas/external-policy.ts';
import { meta as noReadyEndpoint } from '../shared/metas/no-ready-endpoint.ts';
import { quoteApi } from '../shared/quote.ts';
import { occurrence } from '../shared/rule.ts';
import type { Cause } from './cause.ts';
import type { PathFacts } from './facts.ts';
import { nameOf, quoteReach, seen } from './path.ts';

/** How kube-proxy turns away what has no endpoint: it rejects, or drops with a local policy. */
const TURNED_AWAY: readonly Cause['kind'][] = ['dropped', 'rejected', 'refused'];

/** `the NodePort of svc/shop on node2`. */
export function wayText({ by, label, node }: Published): string {
  switch (by) {
    case 'node port':
      return `the NodePort of ${label}${node === undefined ? '' : ` on ${node}`}`;
    case 'health check':
      return `the health check port of ${label}${node === undefined ? '' : ` on ${node}`}`;
    case 'load balancer':
      return `the load balancer's address of ${label}`;
    case 'external IP':
      return `an external IP of ${label}`;
  }
}

/** The Service has no endpoint that could answer there. */
export function withoutLocalEndpoint(path: PathFacts): Occurrence[] {
  const { published, cause, destination } = path;
  if (published === undefined || !TURNED_AWAY.includes(cause.kind)) return [];
  const { namespace, name, node, nodes, ready, isLocal } = published;
  if (cause.kind === 'dropped' && path.straight !== undefined && isLedOn(published)) {
    const { label } = destination;
    const details = { subject: label, evidence: quoteReach(path) };
    const what = `${nameOf(path)} gives no answer that fits (${seen(path)})`;
    return [straightAnswer(what, published, path.straight, details)];
  }
  // kube-proxy itself answers there, whatever the endpoints are.
  if (published.otherPorts !== undefined || published.by === 'health check') return [];
  const subject = destination.label;
  if (ready === 0) {
    const slices = kubectl`get endpointslices -n ${namespace} -l kubernetes.io/service-name=${name}`;
    return [
      occurrence(
        noReadyEndpoint,
        'critical',
        `${nameOf(path)} is ${wayText(published)}, which has no ready endpoint, so nothing can answer there: ${seen(path)}.`,
        [quoteApi(slices, 'no endpoint is ready'), ...quoteReach(path)],
        { subject },
      ),
    ];
  }
  if (!isLocal || cause.kind !== 'dropped' || node === undefined) return [];
  if (nodes === undefined || nodes.includes(node)) return [];
  return [
    occurrence(
      externalPolicy,
      'critical',
      `${nameOf(path)} is ${wayText(published)}, whose externalTrafficPolicy is Local, and ${endpointsOn(ready, nodes)}, none on ${node}: ${node} drops what comes from outside (${seen(path)}).`,
      [quoteExternalPolicy(published), ...quoteReach(path)],
      { subject, remediation: externalPolicyRemedy(published) },
    ),
  ];
}

/** Continues a sentence about a connection that did not come about; empty where the port is no health check's. */
export function healthClause({ published }: PathFacts): string {
  return published?.by === 'health check'
    ? `; it is ${wayText(published)} (healthCheckNodePort), by which load balancers ask which nodes have an endpoint: kube-proxy listens on it as a program of the node, writes no rule that lets it in, and a load balancer that gets no answer sends nothing to this node`
    : '';
}
