import type { Occurrence } from '../../../model/finding.ts';
import type { Listener } from '../../../parsers/listeners.ts';
import { EMBEDDED_DNS } from '../../shared/embedded-dns.ts';
import { seenOf } from '../../shared/measured.ts';
import { meta } from '../../shared/metas/no-listener.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { ExpectedPort, SocketsFacts } from '../facts.ts';

/** Whether a socket serves the port; a UDP server binds like a TCP one. */
export function serves(listener: Listener, { port, protocol }: ExpectedPort): boolean {
  return listener.port === port && listener.protocol === protocol;
}

function judge(facts: SocketsFacts, expected: ExpectedPort, listeners: readonly Listener[]): Occurrence[] {
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
        `Nothing listened on ${name}, where ${expected.name} sends its traffic, when the run began, but something does at its end: the program has just started.`,
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
