import { socketsThresholds } from '../flags/thresholds.ts';
import { checkCommand } from './check-command.ts';

export const sockets = checkCommand({
  name: 'sockets',
  summary: 'Show who listens, and what overflows, on the target itself',
  details: `Compares the listening sockets with the ports that Services send to and that the pod declares, and watches accept queues,
UDP buffers and ephemeral ports for two seconds.`,
  synopsis: 'TARGET',
  examples: [
    { comment: 'Why connections to the pod db-0 are refused', line: 'sockets db-0' },
    { comment: 'The same for a pod of a Deployment, as JSON', line: 'sockets deploy/web -o json' },
  ],
  flags: socketsThresholds,
  load: async () => (await import('../../commands/check.ts')).sockets,
});
