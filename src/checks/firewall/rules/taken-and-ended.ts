import { advice, verbatim } from '../../../model/advice.ts';
import type { ReachTry } from '../../../parsers/reach.ts';
import { quoteTries } from '../../shared/reach-probe.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { FirewallFacts, PathFacts } from '../facts.ts';
import { nameOf } from '../path.ts';

const meta = {
  id: 'NT-FW-011',
  title: 'The connection is taken, and ended at once by the far side',
  severities: ['critical', 'warning'],
  meaning:
    'Something accepts the connection and closes or resets it before either side has sent a byte. A connection that can be made does not prove that a server is there: docker-proxy of a published port, a load balancer or a service mesh accepts, and only then finds that the server behind it refuses (it is down, listens on another port, or on loopback only). Or the server itself turns this client away: an access list, or its limit of connections.',
  rule: 'DEST has a port, and a connection to it by TCP was made and ended by the far side within a tenth of a second (and twice the time that it took to connect), without a byte: critical where each one was, warning where some were.',
  source: 'RFC 9293, section 3.5.2 (reset generation) and 3.6 (closing a connection)',
  remedy: advice`Find out who accepts: for a published port see what the container listens on (${verbatim`kubectl-nettools sockets docker://NAME`}; the server has to listen on all addresses, not on 127.0.0.1), for a load balancer or mesh whether what is behind it is up. If the server itself accepts, see its log and its access lists.`,
  explains: { depth: 835, subject: ['NT-HTTP-001', 'NT-TLS'] },
} as const;

export const takenAndEnded: Rule<FirewallFacts> = {
  meta,
  judge: ({ paths }) =>
    paths.flatMap((path) => {
      const tries = path.reach.value?.tries ?? [];
      const ended = tries.filter((one) => one.ended !== undefined);
      if (ended.length === 0 || isOther(path)) return [];
      const isEach = ended.length === tries.length;
      return [
        occurrence(
          meta,
          isEach ? 'critical' : 'warning',
          `${nameOf(path)} takes ${isEach ? 'the connection' : `${ended.length} of ${tries.length} connections`} and ${howOf(ended)} ${isEach || ended.length === 1 ? 'it' : 'them'} at once, before anybody has sent a byte: a proxy whose server behind it refuses does so, or a server that turns this client away.`,
          quoteTries(path.results.reach, 6),
          { subject: path.destination.label },
        ),
      ];
    }),
};

/** Nobody asked for that port, or who took the connection was not DEST (NT-PROXY-001). */
function isOther({ destination, detour }: PathFacts): boolean {
  return destination.anyPort || detour !== undefined;
}

function howOf(ended: readonly ReachTry[]): string {
  return ended.some((one) => one.ended === 'reset') ? 'resets' : 'closes';
}
