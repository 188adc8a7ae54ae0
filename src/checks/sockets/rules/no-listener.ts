import type { Finding } from '../../../model/report.ts';
import type { Listener } from '../../../parsers/listeners.ts';
import { EMBEDDED_DNS } from '../../docker/facts.ts';
import { seenOf } from '../../measured.ts';
import { quote } from '../../quote.ts';
import { occurrence, type Rule } from '../../rule.ts';
import { LOST_PACKETS } from '../../shared/effects.ts';
import type { ExpectedPort, SocketsFacts } from '../facts.ts';

const meta = {
  id: 'NT-SOCK-001',
  title: 'Nothing listens on the port',
  severities: ['critical', 'info'],
  meaning:
    'No process of the target listens on a port that traffic is sent to: connections are refused at once. The program has not started to listen, listens on another port, or has crashed. Seen from the other side, a refusal by the destination itself means the same, unless a firewall there answers with a TCP reset.',
  rule: "At the server: a Service's target port or a port that Docker publishes (critical), or a declared container port (info: a declaration binds nobody) has no listening socket in ss -lntup, at the beginning of the run and at its end (where it has one at the end: info, the program has just started). From the client: the destination itself refuses the connection, with a TCP reset or, for UDP, ICMP port unreachable (critical).",
  source: 'RFC 9293, 3.10.7.1 (a reset for a connection that does not exist)',
  remedy:
    "See what the program listens on (kubectl nettools sockets with its pod as the TARGET) and make it and the Service's targetPort agree. When somebody does listen there and clients are refused all the same, a firewall at the destination answers with a reset.",
  explains: { depth: 840, subject: LOST_PACKETS },
  remedyOutside:
    'See what the program listens on (ss -tlnp). When somebody does listen there and clients are refused all the same, a firewall at the destination answers with a reset.',
} as const;

/** Whether a socket serves the port; a UDP server binds like a TCP one. */
export function serves(listener: Listener, { port, protocol }: ExpectedPort): boolean {
  return listener.port === port && listener.protocol === protocol;
}

function judge(facts: SocketsFacts, expected: ExpectedPort, listeners: readonly Listener[]): Finding[] {
  if (listeners.some((l) => serves(l, expected))) return [];
  const name = `${expected.protocol.toUpperCase()} ${expected.port}`;
  const others = [
    ...new Set(
      listeners
        .filter((l) => l.protocol === expected.protocol && l.address !== EMBEDDED_DNS)
        .map((l) => l.port),
    ),
  ];
  const more = others.length > 5 ? ` and ${others.length - 5} more` : '';
  const instead = others.length > 0 ? `, but on ${others.slice(0, 5).join(', ')}${more}` : '';
  const after = seenOf(facts.listenersAfter) ?? [];
  const isSeenAfter = after.some((l) => serves(l, expected));
  // The program may have just started, unless its absence has been seen twice.
  if (expected.by !== 'declared' && !isSeenAfter && facts.listenersAfter.value === undefined) return [];
  if (expected.by !== 'declared' && isSeenAfter) {
    return [
      occurrence(
        meta,
        'info',
        `Nothing listened on ${name}, where ${expected.name} sends its traffic, when the run began, and something does at its end: the program has just started.`,
        quote(facts.results.listenersAfter, /^(tcp|udp)/, 6),
        { subject: expected.name },
      ),
    ];
  }
  return expected.by !== 'declared'
    ? [
        occurrence(
          meta,
          'critical',
          `Nothing listens on ${name}, where ${expected.name} sends its traffic${instead}.`,
          quote(facts.results.listeners, /^(tcp|udp)/, 6),
          { subject: expected.name },
        ),
      ]
    : [
        occurrence(
          meta,
          'info',
          `Nothing listens on ${name}, which container ${expected.name} declares${instead}.`,
          quote(facts.results.listeners, /^(tcp|udp)/, 6),
        ),
      ];
}

export const noListener: Rule<SocketsFacts> = {
  meta,
  judge: (facts) => {
    const listeners = facts.listeners.value;
    return listeners === undefined
      ? []
      : facts.input.expected.flatMap((port) => judge(facts, port, listeners));
  },
};
