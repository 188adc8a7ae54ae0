import { socketAddress } from '../../../model/socket-address.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { byEndpoint } from '../../shared/service-story.ts';
import type { LatencyFacts } from '../facts.ts';

const meta = {
  id: 'NT-HTTP-013',
  title: 'The server of a port for gRPC speaks HTTP/1 alone',
  severities: ['critical', 'warning'],
  meaning:
    'Clients of gRPC begin with HTTP/2 at once, and so do gateways and meshes before a port that is told to be of gRPC or HTTP/2. The server takes that for a broken request and answers in HTTP/1: clients say "unavailable", "http2: frame too large" or "Trying to connect an http1.x server", gateways answer 502 or 503.',
  rule: "The server is sent the preface of HTTP/2 without TLS, and its first bytes are a status line of HTTP/1. It is asked where DEST begins with grpc:// (critical), or where the appProtocol or the name of its Service's or pod's port is grpc, h2c or http2, or begins with one of these and a hyphen (a warning); a port called http2 beside one called http, http1 or http3 is no such. Any other answer, as that of a server with TLS, says nothing.",
  source:
    'RFC 9113, 3.3 and 3.4; gRPC: PROTOCOL-HTTP2.md; Istio: protocol selection; KEP-3726 (appProtocol: kubernetes.io/h2c)',
  remedy:
    "See whether the port leads to the program's port of gRPC, and not to that of HTTP beside it (targetPort). If the server is one of HTTP/1, name the port http (or appProtocol: http), and let clients and gateways speak HTTP/1 to it. If it should take HTTP/2 without TLS: nginx http2 on; Go http.Protocols with SetUnencryptedHTTP2, Node http2.createServer().",
} as const;

export const noH2c: Rule<LatencyFacts> = {
  meta,
  judge: ({ paths }) =>
    byEndpoint(
      paths.map(({ destination, http2 }) => {
        const answer = http2?.answer.value;
        if (http2 === undefined || answer?.outcome !== 'http1') return { destination, findings: [] };
        const { label, host, port, grpc } = destination;
        return {
          destination,
          findings: [
            occurrence(
              meta,
              grpc === undefined ? 'warning' : 'critical',
              `${label} (${socketAddress(host, port)}) answers HTTP/2 with "${answer.line ?? 'HTTP/1'}": it speaks HTTP/1 alone, and clients of gRPC get nothing from it, which are to be expected, since ${http2.reason}.`,
              quote(http2.result, /^http1 /, 1),
              { subject: label },
            ),
          ],
        };
      }),
    ),
};
