import { advice, verbatim } from '../../../model/advice.ts';
import { LOST_PACKETS } from '../effects.ts';

/** NT-SOCK-001, which the firewall check raises too. */
export const meta = {
  id: 'NT-SOCK-001',
  title: 'Nothing listens on the port',
  severities: ['critical', 'info'],
  meaning:
    'No process of the target listens on a port that traffic is sent to: connections are refused at once. The program has not started to listen, listens on another port, or has crashed. Seen from the other side, a refusal by the destination itself means the same, unless a firewall there answers with a TCP reset.',
  rule: "At the server: a Service's target port or a port that Docker publishes (critical), or a declared container port (info: a declaration binds nobody) has no listening socket in ss -lntup, at the beginning of the run and at its end (where it has one at the end: info, the program has just started). From the client: the destination itself refuses the connection, with a TCP reset or, for UDP, ICMP port unreachable (critical).",
  source: 'RFC 9293, 3.10.7.1 (a reset for a connection that does not exist)',
  remedy: advice`See what the program listens on (${verbatim`kubectl nettools sockets`} with its pod as the TARGET) and make it and the Service's targetPort agree. If something does listen there and clients are still refused, a firewall at the destination answers with a reset.`,
  explains: { depth: 840, subject: LOST_PACKETS },
  remedyOutside:
    'See what the program listens on (ss -tlnp). If something does listen there and clients are still refused, a firewall at the destination answers with a reset.',
} as const;
