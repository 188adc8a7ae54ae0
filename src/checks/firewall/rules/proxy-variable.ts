import type { Occurrence } from '../../../model/finding.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { FirewallFacts, PathFacts } from '../facts.ts';
import { isExcepted, namesOf, type ProxyVariables } from '../proxy-variables.ts';

const meta = {
  id: 'NT-PROXY-002',
  title: 'HTTP clients of the container use a proxy for addresses inside the cluster',
  severities: ['info'],
  meaning:
    'A container has HTTP_PROXY, HTTPS_PROXY or ALL_PROXY, and its NO_PROXY does not exempt the destination: HTTP clients in it ask the proxy, which usually is outside the cluster and knows neither its names nor its addresses. The application gets 403, 502, 503 or a time-out, while everything that connects by itself works.',
  rule: 'A container of the pod has such a variable, and none of the names or addresses of a pod or Service that is a DEST is in its NO_PROXY.',
  source: "curl's manual, environment; the variables of the pod's spec",
  remedy:
    "Add .svc,.cluster.local and the ranges of pods and Services to the container's NO_PROXY (and no_proxy), if the application uses these variables.",
} as const;

function judge({ destination }: PathFacts, proxies: readonly ProxyVariables[]): Occurrence[] {
  const { service, inCluster, label } = destination;
  if (!inCluster || service?.part === 'endpoint') return [];
  const names = namesOf(destination);
  const found = proxies.find((one) => !isExcepted(one, names));
  if (!found) return [];
  const { container, variable, proxy, exceptions } = found;
  return [
    occurrence(
      meta,
      'info',
      `Container ${container} has ${variable}=${proxy}, and its NO_PROXY ${exceptions === '' ? 'is not set' : 'does not except'} ${exceptions === '' ? `for ${label}` : label} (${names.at(-1)}): HTTP clients there ask the proxy for it.`,
      [{ command: ['env'], excerpt: `${variable}=${proxy}\nNO_PROXY=${exceptions}` }],
      { subject: label },
    ),
  ];
}

export const proxyVariable: Rule<FirewallFacts> = {
  meta,
  judge: ({ paths, proxies }) => paths.flatMap((path) => judge(path, proxies)),
};
