import { advice, verbatim } from '../../../model/advice.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { LatencyFacts } from '../facts.ts';

const meta = {
  id: 'NT-HTTP-006',
  title: 'What answers does not speak HTTP/1',
  severities: ['critical'],
  meaning:
    'The connection is taken, and bytes come back that are no answer of HTTP/1: clients and gateways that speak HTTP/1 to it fail (502 and 503 of gateways, "protocol error"). Servers of gRPC speak HTTP/2 from the first byte (h2c), and a gateway has to be told so; or the port is that of TLS, SSH or a database.',
  rule: 'The request to a DEST that is a URL is answered without a status line: curl ends with code 1 and "Received HTTP/0.9 when not allowed".',
  source: 'curl(1), EXIT CODES; RFC 9113, section 3.3; KEP-3726 (appProtocol of Services)',
  remedy: advice`See which protocol the port is for. ${verbatim`curl --http2-prior-knowledge URL`} gets an answer from a server of HTTP/2 without TLS: tell the gateway so (appProtocol: kubernetes.io/h2c on the Service's port, a GRPCRoute, or the annotation of your ingress controller for GRPC backends). If it is TLS, the URL begins with https.`,
} as const;

export const noHttp: Rule<LatencyFacts> = {
  meta,
  judge: ({ paths }) =>
    paths.flatMap(({ destination: { url, label }, isNoHttp, results }) =>
      isNoHttp
        ? [
            occurrence(
              meta,
              'critical',
              `${url} takes the connection and answers the request with what is no HTTP/1: HTTP/2 without TLS, as servers of gRPC speak it (h2c), or another protocol (TLS, SSH, a database).`,
              quote(results.http, /./, 2),
              { subject: label },
            ),
          ]
        : [],
    ),
};
