import { advice, verbatim } from '../../../model/advice.ts';
import { MASK } from '../../../model/mask-query.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { LatencyFacts } from '../facts.ts';

const meta = {
  id: 'NT-HTTP-009',
  title: 'The answer leads back to the request',
  severities: ['warning'],
  meaning:
    'The server answers the request with a redirect to the very same address: a client that follows it asks again, gets the same answer, and gives up ("too many redirects"). A load balancer or proxy that ends TLS does this where it passes requests on in plain HTTP: the ingress controller or the application behind it takes each of them for one that came by http, and sends it to https, where it was. Two components that each insist on another form of the host or path (with and without www, with and without a slash at the end) do so too.',
  rule: 'The status of a DEST that is a URL is 3xx, and the URL that its Location leads to has the same scheme, host, port, path and query (a query with values is not judged: they are masked, and what it leads to may have others). Cookies are not kept: a server that sets one and asks for it with the next request leads back to itself as well, and clients with cookies get on.',
  source: 'RFC 9110, 15.4; kubernetes/ingress-nginx: use-forwarded-headers, force-ssl-redirect',
  remedy: advice`Let what ends TLS say so in X-Forwarded-Proto (an HTTP listener does, one of plain TCP cannot), and what is behind it believe that header (ingress-nginx: use-forwarded-headers "true"; Traefik: forwardedHeaders.trustedIPs; applications: trust proxy); or redirect in one place alone (force-ssl-redirect "false"). ${verbatim`curl -sSIL -H 'X-Forwarded-Proto: https' URL`} at the ingress shows whether the header would do.`,
} as const;

/** Both as clients compare them, where no value of a query is masked: `https://shop.example:443` is `https://shop.example/`. */
function isSame(one: string, other: string): boolean {
  if (!URL.canParse(one) || !URL.canParse(other)) return false;
  const [a, b] = [new URL(one), new URL(other)];
  if (a.search.includes(MASK)) return false;
  return a.origin === b.origin && a.pathname === b.pathname && a.search === b.search;
}

export const redirectLoop: Rule<LatencyFacts> = {
  meta,
  judge: ({ paths }) =>
    paths.flatMap(({ destination: { url, label }, http, results }) => {
      const { status = 0, redirect } = http?.value ?? {};
      if (url === undefined || redirect === undefined || status < 300 || status >= 400) return [];
      if (!isSame(url, redirect)) return [];
      return [
        occurrence(
          meta,
          'warning',
          `${url} answers with HTTP ${status} and leads to itself: whoever follows it gets the same answer again, unless a cookie that came with it makes a difference.`,
          quote(results.http, /./, 2),
          { subject: label },
        ),
      ];
    }),
};
