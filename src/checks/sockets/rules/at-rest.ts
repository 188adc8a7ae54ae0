import { advice, nettools, TARGET } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { sameAddress } from '../../../parsers/ip-prefix.ts';
import type { OddSocket } from '../../../parsers/odd-sockets.ts';
import { formatMs } from '../../shared/quote.ts';
import { quoteOdd } from '../../shared/quote-odd.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { most } from '../../shared/statistics.ts';
import type { SocketsFacts } from '../facts.ts';

/** Half of the shortest time-out that load balancers come with, so that a connection is seen in half of its rest. */
const REST_MS = 30_000;

const meta = {
  id: 'NT-SOCK-010',
  title: 'Connections to DEST rest, and no keepalive keeps them',
  severities: ['info'],
  meaning:
    'The target keeps connections to this destination that carry nothing for a while, as pools of database drivers and HTTP clients do. A load balancer, a NAT gateway or a firewall on the way forgets connections at rest after a time of its own (60 s and 350 s of those of AWS, 4 min in Azure, 10 min in Google Cloud), and ends them with a reset or without a word: the program hears of it when it uses one again ("connection reset by peer", "server closed the connection unexpectedly", or a hang).',
  rule: 'At the end of the run, an established TCP connection to the address and port of a DEST outside of the cluster has sent and received nothing for 30 s, and no keepalive was acknowledged meanwhile.',
  source:
    'tcp(7): SO_KEEPALIVE, tcp_keepalive_time (2 h by default); AWS: idle time-outs of Classic, Application and Network Load Balancers; Azure: TCP idle time-out of load balancers; Google Cloud: idle time-outs of connections',
  remedy: advice`Whether somebody on the way ends them, a capture over such a pause shows: who sends the reset, or that what is sent after it is not acknowledged. If so, let the program send keepalives in less than that time (tcp_keepalive_time 7200 s is too long; libpq keepalives_idle, JDBC tcpKeepAlive with a shorter net.ipv4.tcp_keepalive_time in the pod's sysctls), close connections at rest before (maxIdleTime of pools), or raise the time-out of the load balancer.\n${nettools`capture ${TARGET}`}`,
} as const;

interface Place {
  readonly label: string;
  readonly port: number;
  readonly addresses: readonly string[];
}

function isAtRest({ state, since }: OddSocket): boolean {
  return (
    state === 'ESTAB' &&
    since !== undefined &&
    Math.min(since.sent, since.received, since.acknowledged) >= REST_MS
  );
}

export const atRest: Rule<SocketsFacts> = {
  meta,
  judge: ({ odd = [], names, input, results }) => {
    const places: Place[] = [
      ...names.filter(({ isInside }) => isInside !== true),
      ...(input.places ?? []).map(({ address, ...place }) => ({ ...place, addresses: [address] })),
    ];
    return places.flatMap(({ label, port, addresses }): Occurrence[] => {
      const own = odd.filter(
        (one) =>
          isAtRest(one) &&
          one.peer.port === port &&
          addresses.some((address) => sameAddress(address, one.peer.address)),
      );
      const longest = most(own.flatMap(({ since }) => since?.acknowledged ?? []));
      if (longest === undefined) return [];
      const which =
        own.length === 1
          ? `A connection of the target to ${label} has carried nothing for ${formatMs(longest)}`
          : `${own.length} connections of the target to ${label} have carried nothing for up to ${formatMs(longest)}`;
      return [
        occurrence(
          meta,
          'info',
          `${which}, and no keepalive keeps ${own.length === 1 ? 'it' : 'them'}: a load balancer, NAT or firewall on the way that forgets connections at rest ends ${own.length === 1 ? 'it' : 'them'}, and the program hears of it when it uses ${own.length === 1 ? 'it' : 'one'} again. Whether one does cannot be seen in a run.`,
          quoteOdd(results.odd, own),
          { subject: label },
        ),
      ];
    });
  },
};
