import type { Occurrence } from '../../../model/finding.ts';
import { endpointsOn, externalPolicyRemedy, quoteExternalPolicy } from '../../shared/external-policy.ts';
import { meta } from '../../shared/metas/external-policy.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { ServiceInfo, ServicesFacts } from '../facts.ts';

function judge(info: ServiceInfo, node: string): Occurrence[] {
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
