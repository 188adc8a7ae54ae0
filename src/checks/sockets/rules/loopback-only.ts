import { isLoopback } from '../../../parsers/listeners.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { SocketsFacts } from '../facts.ts';
import { serves } from './no-listener.ts';

const meta = {
  id: 'NT-SOCK-002',
  title: 'Listens on loopback only',
  severities: ['critical', 'warning'],
  meaning:
    'The program listens on 127.0.0.1 or ::1: only programs in the same network namespace, such as the containers of one pod, can connect; everything else is refused. Many servers do so by default. kubectl port-forward still works, since it connects from inside.',
  rule: "Every socket that listens on a Service's target port, or on a port that Docker publishes (critical), or on a declared container port (warning: some mean it so) is bound to 127.0.0.0/8 or ::1.",
  source: 'RFC 1122, 3.2.1.3 (loopback addresses never leave a host)',
  remedy:
    'Make the program listen on all addresses: 0.0.0.0 or :: in its configuration (often named host, bind or listen).',
  explains: { depth: 850, subject: ['NT-SOCK-001', 'NT-FW', 'NT-LAT', 'NT-SVC-007', 'NT-SYS-004'] },
} as const;

export const loopbackOnly: Rule<SocketsFacts> = {
  meta,
  judge: ({ input, listeners, results }) =>
    input.expected.flatMap((expected) => {
      const own = (listeners.value ?? []).filter((l) => serves(l, expected));
      if (own.length === 0 || !own.every(isLoopback)) return [];
      const [first] = own;
      const who = first?.process === undefined ? '' : ` (${first.process})`;
      const why =
        expected.by !== 'declared'
          ? `${expected.name} sends its traffic to this port`
          : `container ${expected.name} declares this port`;
      return [
        occurrence(
          meta,
          expected.by === 'declared' ? 'warning' : 'critical',
          `${expected.protocol.toUpperCase()} ${expected.port} is bound to ${first?.address} only${who}, and ${why}: nothing outside can connect.`,
          quote(results.listeners, new RegExp(`:${expected.port}\\s`), 3),
          expected.by !== 'declared' ? { subject: expected.name } : {},
        ),
      ];
    }),
};
