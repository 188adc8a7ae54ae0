import { type Advice, advice, verbatim } from '../../../model/advice.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { LatencyFacts } from '../facts.ts';

const meta = {
  id: 'NT-HTTP-011',
  title: 'The answer is about the connection, not about what was asked for',
  severities: ['warning', 'info'],
  meaning:
    'An HTTP answer came, and its status says that the request will not be answered by this way at all, whatever its path: a server of several names that was asked for one over a connection that is for another (421), a proxy that wants a login (407), a server that wants another protocol or version (426, 505), or a network that wants its user to log in first (511). Such answers mostly come from the server or the proxy that took the connection, and an application behind it has not seen the request. A WebSocket server that is well answers a plain request with 426 too.',
  rule: 'The status of a DEST that is a URL is 407, 421, 505 or 511 (warning), or 426 (info: a WebSocket server says so to whoever asks it for anything else). Other statuses below 500 are answers.',
  source:
    'RFC 9110, 15.5.8, 15.5.20, 15.5.22 and 15.6.6; RFC 6585, section 6; Apache httpd 2.4.64 (CVE-2025-23048: AH02032)',
  remedy: advice`Ask as its clients are to: by the name that the server has for this address, over the protocol that it names. ${verbatim`curl -skv URL`} shows its words.`,
} as const;

interface Story {
  /** What is well says so too. */
  readonly isInfo?: true;
  readonly says: string;
  readonly remedy: Advice;
}

const STORIES: Readonly<Record<number, Story>> = {
  407: {
    says: 'proxy authentication required: it is a proxy that answers, and not the server of the URL',
    remedy:
      'Give the proxy its user (http://USER:PASSWORD@PROXY), or do not lead these requests through it: a transparent redirect on the way, or an address that is that of the proxy.',
  },
  421: {
    says: 'misdirected request: the server has no such name for this connection, as where the name that TLS was begun with (SNI) is missing or is not that of the Host header',
    remedy: advice`Ask by a name that the certificate and the configuration of the server have for this address. Of a reverse proxy before it: it has to send the name with TLS as well (nginx: proxy_ssl_server_name on; proxy_ssl_name $host; Caddy: tls_server_name; HAProxy: sni). By an address instead of a name no SNI is sent at all.\n${verbatim`curl -sk --connect-to ::ADDRESS:PORT https://NAME/`}`,
  },
  426: {
    isInfo: true,
    says: 'upgrade required: the server wants another protocol (its header Upgrade says which), as a WebSocket server does of each plain request',
    remedy: advice`See which one it wants, TLS, HTTP/2 or a WebSocket, and ask so; of a proxy before it, pass Upgrade and Connection on (nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade).\n${verbatim`curl -ski URL`}`,
  },
  505: {
    says: 'HTTP version not supported: the server takes another version of HTTP only',
    remedy:
      'Ask with the version that it takes (curl --http1.1, --http2, --http2-prior-knowledge); of a proxy before it: proxy_http_version.',
  },
  511: {
    says: 'network authentication required: the network on the way (a captive portal) answers in the place of the server',
    remedy: 'Log in to the network, or let it know this machine: the server of the URL was not reached.',
  },
};

export const notThisWay: Rule<LatencyFacts> = {
  meta,
  judge: ({ paths }) =>
    paths.flatMap(({ destination: { url, label }, http, results }) => {
      const status = http?.value?.status ?? 0;
      const story = STORIES[status];
      if (url === undefined || story === undefined) return [];
      return [
        occurrence(
          meta,
          story.isInfo ? 'info' : 'warning',
          `${url} answers with HTTP ${status}, ${story.says}.`,
          quote(results.http, /./, 1),
          { subject: label, remediation: story.remedy },
        ),
      ];
    }),
};
