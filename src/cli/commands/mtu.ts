import { checkCommand, to } from './check-command.ts';

export const mtu = checkCommand({
  name: 'mtu',
  summary: 'Find the largest packet that gets through, and black holes for larger ones',
  details: `Sends echo requests with fragmentation forbidden to the gateway, to a pod on another node and to every DEST. To a
DEST with a port it also sends 8 KB over TCP, as a padded HTTP request, and watches whether full segments arrive.`,
  synopsis: 'TARGET [--to DEST…]',
  examples: [
    { comment: "From the pod web-0 to the cluster's own network", line: 'mtu web-0' },
    {
      comment: 'Connections to a database open and then hang: is it the size of the packets?',
      line: 'mtu deploy/web --to svc/db:5432',
    },
  ],
  flags: [to],
  ownArgs: () => ({ mtu: { transfer: true } }),
  load: async () => (await import('../../commands/check.ts')).mtu,
});
