import type { Occurrence } from '../../../model/finding.ts';
import { socketAddress } from '../../../model/socket-address.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { byEndpoint } from '../../shared/service-story.ts';
import type { TlsFacts, TlsPath } from '../facts.ts';

const meta = {
  id: 'NT-TLS-008',
  title: 'Clients of gRPC refuse the server: it does not take HTTP/2 by ALPN',
  severities: ['warning'],
  meaning:
    'In its hello a client names the protocols that it speaks in TLS (ALPN), and the server takes one. Clients of gRPC name h2 alone. grpc-go since 1.67 ends the connection where the server takes none ("credentials: cannot check peer: missing selected ALPN property"), as those of Java, C++ and Python do; older ones of Go went on without. Other clients, such as curl, go on by HTTP/1.1 and notice nothing.',
  rule: 'A DEST that is known to speak gRPC or HTTP/2 (it begins with grpcs://; the appProtocol or the name of its port is grpc, grpcs, h2, h2c or http2, or begins with one of these and a hyphen, and is not called http2 beside one called http, http1 or http3; a GRPCRoute, or an Ingress whose backend-protocol is GRPC, names its host) finishes a handshake in which openssl s_client offers h2 alone, and takes no protocol of it or ends it with "no application protocol". Of any other DEST the protocol is only told.',
  source:
    'RFC 9113, 3.2 and RFC 7301; grpc-go 1.67 release notes; gRPC: PROTOCOL-HTTP2.md, Security; Istio: protocol selection; KEP-3726 (appProtocol)',
  remedy:
    'Let the server offer h2. nginx: http2 on; (before 1.25.1 listen 443 ssl http2). HAProxy: alpn h2,http/1.1 on the bind line. Envoy: alpn_protocols of the common_tls_context. Go: "h2" in NextProtos of the tls.Config. Cilium as a gateway: gatewayAPI.enableAlpn=true of its chart. A load balancer that ends TLS: its ALPN policy (of AWS HTTP2Preferred). As a stopgap clients of grpc-go take such a server with GRPC_ENFORCE_ALPN_ENABLED=false in their environment.',
} as const;

/** As the server answered to an offer of h2; `undefined`: it takes it, or it is not known. */
function refusal({ answer: { value } }: TlsPath): string | undefined {
  if (value === undefined || value.chain.length === 0 || value.unfinished !== undefined) return undefined;
  const { alpn } = value;
  if (alpn === undefined || alpn === 'h2') return undefined;
  return alpn === 'refused' ? 'ends a handshake that offers it' : 'answers an offer of it with none';
}

function judge(path: TlsPath): Occurrence[] {
  const {
    server: { destination, http2 },
    result,
  } = path;
  const refused = refusal(path);
  if (http2 === undefined || refused === undefined) return [];
  const { label, host, port } = destination;
  return [
    occurrence(
      meta,
      'warning',
      `${label} (${socketAddress(host, port)}) does not take HTTP/2 by ALPN, it ${refused}: clients of gRPC refuse it (grpc-go since 1.67), and they are to be expected, since ${http2}.`,
      quote(result, /^(connected|protocol|alpn)/, 3),
      { subject: label },
    ),
  ];
}

export const noHttp2: Rule<TlsFacts> = {
  meta,
  judge: ({ paths }) =>
    byEndpoint(paths.map((path) => ({ destination: path.server.destination, findings: judge(path) }))),
};
