import type { Occurrence } from '../../../model/finding.ts';
import { socketAddress } from '../../../model/socket-address.ts';
import type { OddSocket } from '../../../parsers/odd-sockets.ts';
import { formatMs } from '../../shared/quote.ts';
import { quoteOdd } from '../../shared/quote-odd.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { most } from '../../shared/statistics.ts';
import type { SocketsFacts } from '../facts.ts';

/** RTOs of 0.2 s, 0.4 s, 0.8 s and 1.6 s, at the least that Linux takes (TCP_RTO_MIN). */
const LEAST_TIMES = 4;
const LEAST_MS = 3000;
/** Each is a finding of its own; how many more there are is said. */
const MOST_PEERS = 3;

const meta = {
  id: 'NT-SOCK-009',
  title: 'A connection of the target is dead, and its program does not know it',
  severities: ['warning', 'info'],
  meaning:
    'A program of the target keeps a connection, and what it sends on it is not acknowledged any more: whoever it is connected to is gone without a reset (a pod or container that was deleted, a machine that was restarted, an entry of a connection table that expired), or something on the way drops the packets of this connection. The kernel sends again for about 15 minutes before it tells the program. New connections may work all the while.',
  rule: 'At the end of the run, an established TCP connection to another host (none of those of the run itself, which are closed by then) has sent its data again at least 4 times, and nothing was acknowledged for 3 s. On a host it is an info: it is of any program there, and of pods that come and go.',
  source: 'ss(8); tcp(7): tcp_retries2, TCP_USER_TIMEOUT; RFC 6298',
  remedy:
    'Restart the program, or let it connect anew. That it notices by itself: TCP_USER_TIMEOUT (of some libraries "socket timeout", of gRPC and Go keepalives), a time-out for each answer, or a limit for how long a connection is kept; net.ipv4.tcp_retries2=8 in the pod shortens the 15 minutes to 100 s. Of a load balancer or firewall that forgets connections at rest: a keepalive that is shorter than its time-out.',
} as const;

export const unanswered: Rule<SocketsFacts> = {
  meta,
  judge: ({ odd = [], results, input }) => {
    const dead = odd.filter(isDead);
    const byPeer = Map.groupBy(dead, ({ peer }) => socketAddress(peer.address, peer.port));
    const left = byPeer.size - MOST_PEERS;
    return [...byPeer].slice(0, MOST_PEERS).map(([peer, sockets], i): Occurrence => {
      const ms = most(sockets.flatMap(({ since }) => since?.acknowledged ?? [])) ?? 0;
      const again = most(sockets.map(({ sentAgain }) => sentAgain)) ?? 0;
      const [who, its] =
        sockets.length === 1
          ? ['A connection', 'has had no answer']
          : [`${sockets.length} connections`, 'have had no answer'];
      const others = i === MOST_PEERS - 1 && left > 0 ? `; so it is with ${left} more of its peers` : '';
      return occurrence(
        meta,
        input.isHost ? 'info' : 'warning',
        `${who} of the target to ${peer} ${its} for ${formatMs(ms)}: what its program sent was sent again ${again} times, and nobody acknowledges it${others}.`,
        quoteOdd(results.odd, sockets),
        { subject: peer },
      );
    });
  },
};

function isDead({ state, peer, sentAgain, since }: OddSocket): boolean {
  return (
    state === 'ESTAB' &&
    !/^(127\.|::1$)/.test(peer.address) &&
    sentAgain >= LEAST_TIMES &&
    (since?.acknowledged ?? 0) >= LEAST_MS
  );
}
