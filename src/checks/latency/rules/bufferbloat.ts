import { advice, nettools, TARGET } from '../../../model/advice.ts';
import type { ProbeResult } from '../../../model/evidence.ts';
import type { Quote } from '../../../model/report.ts';
import type { TcpSocket } from '../../../parsers/ss.ts';
import { seenOf } from '../../shared/measured.ts';
import { formatMs, linesOf } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { LatencyFacts } from '../facts.ts';

const meta = {
  id: 'NT-LAT-004',
  title: 'Packets wait in a queue (bufferbloat)',
  severities: ['warning'],
  meaning:
    'A connection that carries data sees round trips far above its own minimum, and a queue on the way out holds a backlog: a link or a rate limit is saturated, and everything that shares the queue waits with it.',
  rule: 'In the middle of the run, a socket with data in its send queue has an rtt of at least 5 times its minrtt (--bufferbloat-factor) and 20 ms above it, and a queueing discipline of the target has a backlog. Without a local backlog the queue is further on, and the finding needs 100 ms above.',
  source: "ours; rtt and minrtt are the kernel's own (struct tcp_info)",
  remedy: advice`Find who fills the link: ${nettools`run ${TARGET} -- ss -ti`}. Lower the sender's rate, raise the bandwidth limit (annotation kubernetes.io/egress-bandwidth), or use a fair queue (fq_codel) on the interface.`,
  explains: { depth: 1010, target: ['NT-LAT-001', 'NT-PERF'] },
} as const;

const ABOVE_MS = 20;
const ABOVE_WITHOUT_BACKLOG_MS = 100;

function waits(socket: TcpSocket, factor: number, above: number): boolean {
  const { rtt, minRtt, sendQueue } = socket;
  return (
    rtt !== undefined &&
    minRtt !== undefined &&
    sendQueue > 0 &&
    rtt >= factor * minRtt &&
    rtt - minRtt >= above
  );
}

export const bufferbloat: Rule<LatencyFacts> = {
  meta,
  judge: ({ sockets, qdiscs, thresholds }) => {
    const backlog = (qdiscs.value ?? [])
      .filter((q) => q.backlogBytes > 0)
      .sort((a, b) => b.backlogBytes - a.backlogBytes)[0];
    const above = backlog ? ABOVE_MS : ABOVE_WITHOUT_BACKLOG_MS;
    const { bufferbloatFactor } = thresholds;
    const worst = (seenOf(sockets) ?? [])
      .filter((s) => waits(s, bufferbloatFactor, above))
      .sort((a, b) => (b.rtt ?? 0) - (a.rtt ?? 0))[0];
    if (!worst) return [];
    const queue = backlog
      ? `; ${backlog.kind} on ${backlog.device} holds ${backlog.backlogBytes} bytes`
      : qdiscs.value
        ? '; no local queue holds it, so it waits further on'
        : '; whether a local queue holds it could not be read';
    return [
      occurrence(
        meta,
        'warning',
        `The connection to ${worst.peer} sees an rtt of ${formatMs(worst.rtt ?? 0)} with a minimum of ${formatMs(worst.minRtt ?? 0)}${queue}.`,
        [
          ...quoteSocket(sockets.result, worst),
          ...(backlog
            ? [
                {
                  command: qdiscs.result?.command ?? [],
                  excerpt: `${backlog.kind} ${backlog.handle} dev ${backlog.device} backlog ${backlog.backlogBytes}b drops ${backlog.drops}`,
                },
              ]
            : []),
        ],
      ),
    ];
  },
};

/** The socket's line, and of the long line after it what decided. */
function quoteSocket(result: ProbeResult | undefined, { local, peer }: TcpSocket): Quote[] {
  const lines = linesOf(result);
  const at = lines.findIndex((line) => {
    const words = line.split(/\s+/);
    return words[3] === local && words[4] === peer;
  });
  const measured = lines[at + 1]?.match(/\b(rtt|minrtt|unacked|notsent):\S+/g) ?? [];
  if (!result || at < 0) return [];
  return [{ command: result.command, excerpt: `${lines[at]}\n\t… ${measured.join(' … ')}` }];
}
