import { type Advice, advice, verbatim } from '../../../model/advice.ts';
import { socketAddress } from '../../../model/socket-address.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { LatencyFacts, LedTo } from '../facts.ts';

const REMEDY: Advice = advice`Let the server write redirects without host and port, or with those that its clients use. nginx: absolute_redirect off (or port_in_redirect off); Apache: UseCanonicalName Off; an application behind a proxy: X-Forwarded-Host, X-Forwarded-Port and X-Forwarded-Proto of the proxy, which the application believes. Or publish the port under the number that the server has. ${verbatim`curl -sSI URL`} shows the header Location.`;

const meta = {
  id: 'NT-PROXY-005',
  title: 'A redirect leads to a port of the same host on which nobody takes connections',
  severities: ['warning'],
  meaning:
    'The server answers, and sends its clients on to another port of the same host, where nothing answers them. A server writes the port that it listens on itself into its redirects, or none, which means 80 or 443. Clients that come by a published port, a NodePort, a forwarded port or a proxy know it by another number, and by that of the redirect it is not reached. Often only some paths do so: nginx and Apache redirect from a folder without a slash at its end.',
  rule: 'The status of a DEST that is a URL is 3xx, its Location has the same host and another port, and a connection from the target to that port, at the address that gave the answer, is refused, fails or gets no answer within 3.5 s. Redirects to other hosts are not followed.',
  source:
    'nginx: ngx_http_core_module, absolute_redirect and port_in_redirect; RFC 9110, 10.2.2; EnvelopSound/Earshot#56',
  remedy: REMEDY,
} as const;

const OUTCOMES: Readonly<Partial<Record<LedTo['outcome'], string>>> = {
  refused: 'refuses connections',
  unanswered: 'answers no connection',
  error: 'is not reached',
};

export const redirectedAstray: Rule<LatencyFacts> = {
  meta,
  judge: ({ paths }) =>
    paths.flatMap(({ destination: { url, label }, http, ledTo, results }) => {
      if (url === undefined || ledTo === undefined) return [];
      const words = OUTCOMES[ledTo.outcome];
      if (words === undefined) return [];
      // Whoever refuses is there; silence may be of the way.
      const perhaps =
        ledTo.outcome === 'refused'
          ? ''
          : ', unless a firewall or a NetworkPolicy lets the target to the first port alone';
      return [
        occurrence(
          meta,
          'warning',
          `${url} answers with HTTP ${http?.value?.status} and leads to ${ledTo.url}: ${socketAddress(ledTo.address, ledTo.port)} ${words}, so whoever follows it gets nothing${perhaps}.`,
          [...quote(results.http, /./, 2), ...quote(ledTo.result, /^(ok|failed) |: connect: /, 2)],
          { subject: label },
        ),
      ];
    }),
};
