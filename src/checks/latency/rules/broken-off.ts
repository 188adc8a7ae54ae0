import { advice, verbatim } from '../../../model/advice.ts';
import { formatMs, quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { LatencyFacts } from '../facts.ts';

const meta = {
  id: 'NT-HTTP-001',
  title: 'The connection is taken, and ended before any answer',
  severities: ['critical'],
  meaning:
    'Something accepts the connection and closes or resets it without a byte of an answer. Often that is a proxy (docker-proxy of a published port, a load balancer, a service mesh) whose own connection to the server behind it is refused: the server is down, listens on another port, or on loopback only. Or it is the server itself, which does not speak HTTP there, or expects TLS, or a header of the PROXY protocol from its load balancer: inside the cluster kube-proxy leads to the pods past that balancer, and nobody writes the header.',
  rule: 'The HTTP request to a DEST that is a URL was sent on a ready connection, and curl ends with code 52 (empty reply), or 55 or 56 (connection reset), without a byte of an answer; or with 7, while every other connection to that port was made.',
  source: 'curl(1), EXIT CODES',
  remedy: advice`Find out who accepts: for a published port see what the container listens on (${verbatim`kubectl-nettools sockets docker://NAME`}; the server has to listen on all addresses, not on 127.0.0.1), for a load balancer or mesh whether what is behind it is up. If the server itself accepts, see its log, whether the URL has the right scheme (http or https), and whether it waits for the PROXY protocol (curl --haproxy-protocol URL then gets an answer).`,
} as const;

export const brokenOff: Rule<LatencyFacts> = {
  meta,
  judge: ({ paths }) =>
    paths.flatMap((path) => {
      if (path.brokenOff === undefined) return [];
      const timing = path.http?.value;
      const when = timing
        ? `${formatMs(Math.max(0, timing.totalMs - timing.readyMs))} after the request`
        : 'at once';
      return [
        occurrence(
          meta,
          'critical',
          `${path.destination.url} takes the connection and ${path.brokenOff === 'reset' ? 'resets' : 'closes'} it ${when}, before any byte of an answer: a proxy whose server behind it refuses does so, or a server that does not speak ${path.destination.url?.startsWith('https') ? 'HTTP' : 'plain HTTP'} there.`,
          quote(path.results.http, /./, 2),
          { subject: path.destination.label },
        ),
      ];
    }),
};
