import { advice, kubectl } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { ServiceFacts, ServicesFacts } from '../facts.ts';

const meta = {
  id: 'NT-SVC-018',
  title: "The target's connections are fewer than the endpoints",
  severities: ['info'],
  meaning:
    'A cluster IP is spread over endpoints once for each connection, when it is made. What goes by one connection (HTTP/2, gRPC, keepalive, pools of databases) stays at one endpoint for as long as the connection lasts: the others get nothing from this client, new ones neither, and a client that has a single connection makes a single endpoint busy. Nothing is broken by it.',
  rule: "TCP connections of the target to the cluster IP and port of a DEST that is a Service were there before the run, are there at its end, have carried 1000 bytes or more, and one of them carried more during the run; and all that are open and have carried as much are fewer than the Service's ready endpoints, or the Service keeps all of an address at one endpoint (sessionAffinity: ClientIP). Those of the run's own probes carry less, and what other clients do is not counted.",
  source:
    'Kubernetes documentation, "Virtual IPs and Service Proxies" (a choice for each connection); gRPC, "Load Balancing in gRPC"',
  remedy:
    'Where it matters, let the client choose: a headless Service with balancing in the client (gRPC: round_robin), a proxy that balances requests (a mesh, an ingress with HTTP/2 to the backends), or connections that end after a time (gRPC: MAX_CONNECTION_AGE of the server).',
} as const;

function judge({ info, lasting, connectionsResult }: ServiceFacts): Occurrence[] {
  const { length: count } = lasting;
  const isKept = info.affinitySeconds !== undefined && info.ready > 1;
  if (count === 0 || (count >= info.ready && !isKept)) return [];
  const carries = count === 1 ? '1 connection carries' : `${count} connections carry`;
  const others = info.ready - (isKept ? 1 : count);
  const rest = others === 1 ? 'at least 1 of them gets' : `at least ${others} of them get`;
  const why = isKept
    ? `its session affinity (ClientIP, ${info.affinitySeconds} s) keeps all connections of one address at one endpoint; behind a proxy that sends from its own, that is all clients`
    : 'kube-proxy chooses once for each connection';
  const port = lasting[0]?.slice(lasting[0].lastIndexOf(':')) ?? '';
  return [
    occurrence(
      meta,
      'info',
      `${carries} all that the target sends to ${info.label}, which has ${info.ready} endpoints: ${rest} nothing from it (${why}).`,
      quote(connectionsResult, new RegExp(`${port}\\b`), 1),
      {
        subject: info.label,
        remediation: advice`${meta.remedy} To which endpoint a connection goes, the connection table of the node knows (conntrack -L -d ${info.clusterIp ?? ''}).\n${kubectl`get endpointslices -n ${info.namespace} -l kubernetes.io/service-name=${info.name}`}`,
      },
    ),
  ];
}

export const fewConnections: Rule<ServicesFacts> = {
  meta,
  judge: ({ services }) => services.flatMap(judge),
};
