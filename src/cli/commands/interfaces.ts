import { checkCommand, to } from './check-command.ts';

export const interfaces = checkCommand({
  name: 'interfaces',
  summary: 'Find links without carrier and interfaces with errors',
  details: `Sends some packets to the default gateway, the cluster's DNS server, the API server and every DEST, and compares what the
target's interfaces counted before and after.`,
  synopsis: 'TARGET [--to DEST…]',
  examples: [
    { comment: 'Whether the links of the pod web-0 are up and sound', line: 'interfaces web-0' },
    { comment: 'With packets to a host behind a tunnel', line: 'interfaces web-0 --to 203.0.113.7' },
  ],
  flags: [to],
  ownArgs: () => ({ interfaces: { send: true } }),
  load: async () => (await import('../../commands/check.ts')).interfaces,
});
