import { advice, verbatim } from '../../../model/advice.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { LatencyFacts } from '../facts.ts';

const meta = {
  id: 'NT-HTTP-002',
  title: 'The server answers with an error of its own',
  severities: ['warning'],
  meaning:
    'The request arrived and an HTTP answer came back, which says that the server failed. With 502, 503 and 504 a proxy, an ingress or a load balancer answers and has no working server behind it: the network up to that proxy is fine; look at the path beyond it.',
  rule: 'The HTTP status of a DEST that is a URL is 500 or above.',
  source: 'RFC 9110, section 15.6',
  remedy: advice`See the log of the server. With 502, 503 or 504 look from the proxy on: whether its backends are up, and whether it reaches them (${verbatim`kubectl nettools diagnose`} with the pod of the proxy as the TARGET and the backend as the DEST).`,
} as const;

/** Of a gateway, which speaks of what is behind it (RFC 9110, 15.6.3 to 15.6.5). */
const OF_GATEWAYS: Readonly<Record<number, string>> = {
  502: 'its backend gives no valid answer',
  503: 'it is overloaded, or has no backend that works',
  504: 'its backend does not answer in time',
};

export const serverError: Rule<LatencyFacts> = {
  meta,
  judge: ({ paths }) =>
    paths.flatMap((path) => {
      const status = path.http?.value?.status ?? 0;
      if (status < 500) return [];
      const known = OF_GATEWAYS[status];
      return [
        occurrence(
          meta,
          'warning',
          `${path.destination.url} answers with HTTP ${status}${known === undefined ? '' : ` (${known})`}: the connection works, and the server or a proxy before it fails.`,
          quote(path.results.http, /./, 1),
          { subject: path.destination.label },
        ),
      ];
    }),
};
