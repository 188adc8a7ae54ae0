import { formatMs, quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { LatencyFacts } from '../facts.ts';

const meta = {
  id: 'NT-HTTP-012',
  title: 'The server ends connections at rest before those who use them do',
  severities: ['warning', 'info'],
  meaning:
    'Proxies, load balancers and clients with a pool keep connections to a server open and use them again. A server that ends them first may do so while a request is on its way: the request gets no answer, and a gateway answers 502 or 504 for it, now and then, and more often the less there is to do. Node ends them after 5 s, gunicorn after 2 s, uvicorn and Apache after 5 s; upstream connections of nginx and of an Application Load Balancer rest for up to 60 s, those of a load balancer of Google Cloud for 600 s, of Envoy for an hour. Many send a request again that changes nothing; a POST they do not.',
  rule: 'latency with --rest: after one request (HEAD) the server itself ends the connection that rests, sooner than 60 s, and the answer did not say so (Connection: close; HTTP/1.0). A warning where the URL leads to a Service that is a backend of an Ingress or of a route of the Gateway API; else an info. What the header Keep-Alive says is among the measurements only.',
  source:
    'Node: server.keepAliveTimeout; gunicorn: keepalive; nginx: keepalive_timeout of ngx_http_upstream_module; AWS: Troubleshoot your Application Load Balancers, HTTP 502; Google Cloud: backend service timeouts; Envoy: idle_timeout of HTTP connections',
  remedy:
    'Let the server keep them longer than whoever is before it: Node server.keepAliveTimeout = 65000 (and headersTimeout above it), gunicorn --keep-alive 75 (of a worker class that has it), uvicorn --timeout-keep-alive 75, Apache KeepAliveTimeout 75. Or let those before it keep them for a shorter time (nginx: keepalive_timeout in the upstream block; ingress-nginx: upstream-keepalive-timeout; Envoy: idle_timeout; the idle time-out of the load balancer), or send again what was lost that way (a retry policy).',
} as const;

/** Of nginx and of an Application Load Balancer. */
const PROXIES_MS = 60_000;

/** What ends in its answer's own breath rested for no time: nobody can use it again. */
const AT_ONCE_MS = 100;

export const shortRest: Rule<LatencyFacts> = {
  meta,
  judge: ({ paths }) =>
    paths.flatMap(({ destination: { url, label }, rest }) => {
      const resting = rest?.resting.value;
      if (resting === undefined || resting.outcome !== 'ended' || resting.isAnnounced) return [];
      if (resting.ms < AT_ONCE_MS || resting.ms >= PROXIES_MS) return [];
      const front = rest?.front;
      const after = `${url}: the server ends a connection that rests after ${formatMs(resting.ms)}`;
      return [
        occurrence(
          meta,
          front === undefined ? 'info' : 'warning',
          front === undefined
            ? `${after}: a proxy or a client that keeps connections for longer loses a request now and then, which a gateway answers with 502.`
            : `${after}, and ${front} leads requests on to it: controllers keep such connections for a minute and more, and a request that meets the end is lost, or answered with 502.`,
          quote(rest?.result, /^(status|keep-alive|connection|ended)/, 4),
          { subject: label },
        ),
      ];
    }),
};
