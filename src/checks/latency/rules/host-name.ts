import { advice, verbatim } from '../../../model/advice.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { LatencyFacts } from '../facts.ts';

const meta = {
  id: 'NT-HTTP-010',
  title: 'The server refuses a request whose host name has an underscore',
  severities: ['warning'],
  meaning:
    "The name resolves and the connection works, and the server answers 400: the name that the request carries has an underscore, which names in DNS may have and host names may not. Servers and frameworks that check it (Tomcat, Jetty, Django) refuse the request, and libraries do not even take such a URL. Names of containers and of Compose services have underscores where somebody wrote them, and older versions of Compose put them between the project's name and the service's.",
  rule: 'The host of a DEST that is a URL has an underscore, and the status is 400. A server may have other reasons for a 400: the same request by a name without an underscore decides.',
  source: 'RFC 1123, 2.1 and RFC 3986, 3.2.2; docker/compose#229',
  remedy: advice`Ask by a name without an underscore: an alias on the network (aliases: of Compose, docker network connect --alias), the name of the Compose service if it has none, or the name of a Kubernetes Service. ${verbatim`curl -si -H 'Host: localhost' URL`} shows whether the name is the reason.`,
} as const;

export const hostName: Rule<LatencyFacts> = {
  meta,
  judge: ({ paths }) =>
    paths.flatMap(({ destination: { url, label }, http, results }) => {
      if (url === undefined || http?.value?.status !== 400 || !URL.canParse(url)) return [];
      const { hostname } = new URL(url);
      if (!hostname.includes('_')) return [];
      return [
        occurrence(
          meta,
          'warning',
          `${url} answers with HTTP 400 (bad request), and the name that is asked for, ${hostname}, has an underscore: a host name may have none, and servers refuse requests that carry it.`,
          quote(results.http, /./, 1),
          { subject: label },
        ),
      ];
    }),
};
