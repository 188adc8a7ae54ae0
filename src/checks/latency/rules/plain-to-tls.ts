import { advice, nettools, TARGET } from '../../../model/advice.ts';
import type { HttpTiming } from '../../../parsers/curl.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { LatencyFacts } from '../facts.ts';

const meta = {
  id: 'NT-HTTP-008',
  title: 'The port is for TLS, and was asked without',
  severities: ['critical'],
  meaning:
    'The server expects TLS on this port and answers a plain request with HTTP 400: clients of http://, health checks and gateways that speak plain HTTP to it fail ("Client sent an HTTP request to an HTTPS server", "The plain HTTP request was sent to HTTPS port", "This combination of host and port requires TLS"). The network is fine.',
  rule: "A DEST that is a URL of http:// is answered with HTTP 400, in the very form that Go's net/http (HTTP/1.0, no header, 48 bytes), nginx (its page for code 497) or Tomcat (62 bytes) have for this case. Others that close the connection are told of by NT-HTTP-001.",
  source:
    'Go net/http/server.go (tlsRecordHeaderLooksLikeHTTP); nginx ngx_http_special_response.c (497); Tomcat TLSClientHelloExtractor',
  remedy: advice`Ask with https://. In front of it, tell the gateway that the backend speaks TLS: nginx.ingress.kubernetes.io/backend-protocol: "HTTPS", nginx.org/ssl-services, traefik.ingress.kubernetes.io/service.serversscheme: https, appProtocol: https of the Service's port, a BackendTLSPolicy of the Gateway API; for probes of the kubelet scheme: HTTPS. Where a load balancer ends TLS, lead it to the plain port of the gateway. See the certificate that the port has.\n${nettools`tls ${TARGET} --to https://HOST:PORT/`}`,
} as const;

/** ngx_http_error_497_page and the end of each page, without the words that the header Server has too. */
const NGINX_PAGE = 243;
const TOMCAT_PAGE = 62;

/** The server whose answer it is to a plain request on a port for TLS; `undefined`: it is nobody's that is known. */
function teller({ status, shape }: HttpTiming): string | undefined {
  if (status !== 400 || shape === undefined) return undefined;
  const { version, headerBytes, bodyBytes, server } = shape;
  // "HTTP/1.0 400 Bad Request", and no header.
  if (version === '1.0' && headerBytes === 28 && bodyBytes === 48) return 'Go';
  const token = server === '' ? 'nginx' : server;
  if (/^(nginx|openresty)/.test(token) && bodyBytes === NGINX_PAGE + token.length) return 'nginx';
  return server === '' && version === '1.1' && bodyBytes === TOMCAT_PAGE ? 'Tomcat' : undefined;
}

export const plainToTls: Rule<LatencyFacts> = {
  meta,
  judge: ({ paths }) =>
    paths.flatMap(({ destination: { url = '', label }, http, results }) => {
      const who = http?.value && teller(http.value);
      if (who === undefined || !url.startsWith('http://')) return [];
      return [
        occurrence(
          meta,
          'critical',
          `${url} is answered with HTTP 400, as ${who} answers a plain request on a port for TLS: the URL has to begin with https.`,
          quote(results.http, /./, 2),
          { subject: label },
        ),
      ];
    }),
};
