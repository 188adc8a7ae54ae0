import { advice, kubectl } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { LatencyFacts, PathFacts } from '../facts.ts';

const meta = {
  id: 'NT-HTTP-005',
  title: 'Connections from inside lack the PROXY header that the server expects of its load balancer',
  severities: ['critical'],
  meaning:
    "The load balancer of a Service puts a header of the PROXY protocol before each connection, and the server behind it takes no connection without. From inside of the cluster nobody passes the load balancer: kube-proxy leads its address straight to the pods, where the header is missing and the connection is ended. From outside all works. cert-manager's self check, health checks and pods that use the public name fail so.",
  rule: "DEST is a URL at the address of a load balancer by a Service's status (ipMode is not Proxy), an annotation of the Service turns the PROXY protocol on, and the connection is taken and ended before any byte of an answer (NT-HTTP-001, or the same during the TLS handshake). In a diagnosis alone.",
  source: 'The PROXY protocol, HAProxy; KEP-1860 (ipMode); kubernetes/kubernetes#66607',
  remedy: advice`Let the way from inside pass the load balancer: its controller has to set ipMode: Proxy in the Service's status (Kubernetes 1.30 or later, with a network plugin that heeds it; Hetzner's and others do in new versions), or a host name in place of the address (an annotation of the cloud). Or ask inside for a Service whose server expects no header, by a name that DNS inside answers with it. What the Service says: ${kubectl`get service NAME -o yaml`}.`,
  explains: { depth: 834, subject: ['NT-HTTP-001', 'NT-TLS', 'NT-FW-011'] },
} as const;

/** curl's exit code (CURLE_SSL_CONNECT_ERROR): the handshake did not come to its end. */
const NO_HANDSHAKE = 35;

/** The far side ended the handshake without a word of TLS. */
function isHandshakeCut({ results: { http } }: PathFacts): boolean {
  return (
    http?.status === 'exited' &&
    http.code === NO_HANDSHAKE &&
    /reset by peer|unexpected eof|SSL_ERROR_SYSCALL/i.test(http.stderr)
  );
}

function judge(path: PathFacts): Occurrence[] {
  const { destination, proxied, brokenOff, results } = path;
  if (proxied === undefined || (brokenOff === undefined && !isHandshakeCut(path))) return [];
  const { service, name, namespace, annotation } = proxied;
  return [
    occurrence(
      meta,
      'critical',
      `${destination.host} is the address of the load balancer of ${service}, which puts a PROXY header before each connection (${annotation}): from here it is not passed, kube-proxy leads straight to the pods, and these end a connection without that header.`,
      [
        { command: ['kubectl', 'get', 'service', name, '-n', namespace, '-o', 'yaml'], excerpt: annotation },
        ...quote(results.http, /./, 2),
      ],
      { subject: destination.label },
    ),
  ];
}

export const proxyProtocol: Rule<LatencyFacts> = {
  meta,
  judge: ({ paths }) => paths.flatMap(judge),
};
