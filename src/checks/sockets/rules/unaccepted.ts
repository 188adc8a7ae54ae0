import type { Occurrence } from '../../../model/finding.ts';
import type { Listener } from '../../../parsers/listeners.ts';
import type { Unaccepted } from '../../../parsers/unaccepted.ts';
import { seenOf } from '../../shared/measured.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { SocketsFacts } from '../facts.ts';

/** More ports are counted, and not told one by one. */
const MOST_PORTS = 3;
const MOST_LINES = 3;
/** The script lists no more. */
const MOST_LISTED = 50;

const meta = {
  id: 'NT-SOCK-011',
  title: 'Connections wait, and the program does not accept them',
  severities: ['warning', 'info'],
  meaning:
    'The kernel of this target completes connections to the port, so clients say that they are connected, and the program that listens does not take them: they get no answer until it does. Either it cannot (it has as many files open as it may, "accept: Too many open files"; all of its workers are busy or hang; it is stopped), or it never meant to (podman holds the published ports of a container with a socket from which nothing is taken, while rules should lead connections elsewhere).',
  rule: 'The same connection is in the accept queue of a port, with no program that has it, when the run begins and when it ends, at least 1 s later (ss -e: inode 0, established or close-wait). On a host it is an info: it is of any program there.',
  source: 'ss(8), listen(2), accept(2): EMFILE; podman: specgen, "bind ports"',
  remedy:
    'See what the program does: its log ("Too many open files", "worker_connections are not enough"), its limit and its open files (grep "open files" /proc/PID/limits; ls /proc/PID/fd | wc -l), its threads. More open files: docker run --ulimit nofile=N, ulimits of Compose, LimitNOFILE= of a systemd unit, and worker_rlimit_nofile of nginx. If the process that listens is podman or conmon: the rules that should lead the port to the container are gone (podman network reload CONTAINER).',
} as const;

/** Who has the port. */
function holderOf(port: number, listeners: readonly Listener[]): Listener | undefined {
  return listeners.find((one) => one.protocol === 'tcp' && one.port === port);
}

export const unaccepted: Rule<SocketsFacts> = {
  meta,
  judge: ({ unaccepted: { before, after }, listenersAfter, results, input }) => {
    const then = new Set((before ?? []).map(({ ends }) => ends));
    const still = (after ?? []).filter(({ ends }) => then.has(ends));
    const byPort = Map.groupBy(still, ({ port }) => port);
    const listeners = seenOf(listenersAfter) ?? [];
    const left = byPort.size - MOST_PORTS;
    return [...byPort].slice(0, MOST_PORTS).flatMap(([port, waiting], i): Occurrence[] => {
      const holder = holderOf(port, listeners);
      // Without one, nobody is expected to take them.
      if (holder === undefined) return [];
      const count =
        waiting.length === 1
          ? '1 connection waits'
          : `${waiting.length >= MOST_LISTED ? 'at least ' : ''}${waiting.length} connections wait`;
      const who = holder.process === undefined ? 'the program there' : holder.process;
      const others =
        i === MOST_PORTS - 1 && left > 0
          ? `; so it is with ${left} more ${left === 1 ? 'port' : 'ports'}`
          : '';
      return [
        occurrence(
          meta,
          input.isHost ? 'info' : 'warning',
          `On TCP port ${port} ${count} since before the run, and ${who} accepts none of them: whoever connects gets a connection, and no answer${asked(waiting)}${others}.`,
          results.unaccepted === undefined
            ? []
            : [
                {
                  command: results.unaccepted.command,
                  excerpt: waiting
                    .slice(0, MOST_LINES)
                    .map(({ line }) => line)
                    .join('\n'),
                },
              ],
        ),
      ];
    });
  },
};

function asked(waiting: readonly Unaccepted[]): string {
  return waiting.some(({ received }) => received > 0) ? ', though some have sent their request' : '';
}
