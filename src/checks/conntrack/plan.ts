/** The commands of the conntrack check: a snapshot, some time, a snapshot. Pure. */
import type { StagedPlan } from '../../model/check.ts';
import type { ProbeCommand } from '../../model/evidence.ts';
import type { ConntrackInput } from './facts.ts';

const SNAPSHOT_LIMIT_SECONDS = 5;

export function planConntrack({ watchMs, services }: ConntrackInput): StagedPlan {
  return {
    before: [
      command('status', ['cat', '/proc/self/status']),
      ...counters('before'),
      ...(services ? lists('before') : []),
    ],
    probe:
      watchMs > 0
        ? [
            {
              id: 'watch',
              argv: ['sleep', (watchMs / 1000).toString()],
              timeoutSeconds: Math.ceil(watchMs / 1000) + 1,
            },
          ]
        : [],
    after: [...counters('after'), ...(services ? lists('after') : [])],
  };
}

function counters(stage: string): ProbeCommand[] {
  return [
    command(`fill-${stage}`, [
      'cat',
      '/proc/sys/net/netfilter/nf_conntrack_count',
      '/proc/sys/net/netfilter/nf_conntrack_max',
    ]),
    command(`stats-${stage}`, ['conntrack', '-S']),
    command(`proc-${stage}`, ['cat', '/proc/net/stat/nf_conntrack']),
  ];
}

/**
 * Only what can be stale and harm: a UDP client keeps its entry alive by sending, and a TCP client that gets no answer
 * has just begun. A node's whole table is many megabytes.
 */
function lists(stage: string): ProbeCommand[] {
  return [
    command(`udp-${stage}`, ['conntrack', '-L', '--dst-nat', '-p', 'udp']),
    command(`tcp-${stage}`, ['conntrack', '-L', '--dst-nat', '-p', 'tcp', '--state', 'SYN_SENT']),
  ];
}

function command(id: string, argv: readonly string[]): ProbeCommand {
  return { id, argv, timeoutSeconds: SNAPSHOT_LIMIT_SECONDS };
}
