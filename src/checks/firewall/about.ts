/** `firewall` on the command line. */
import { defineAbout } from '../shared/about.ts';

export default defineAbout({
  id: 'firewall',
  diagnosis: { after: ['service'] },
  thresholds: {},
  command: {
    place: 30,
    summary: 'Find out who drops, rejects or refuses a connection',
    details: `Connects to every DEST and tells drop, reject, refusal, missing route, silent neighbour and MTU stall apart. Where
the container is allowed to, it names the sender of an ICMP error and the rule whose counter moved. It compares what it
saw with what the NetworkPolicies of both ends say. With --both-ends or --deep it also listens along the way and names
the first place that misses the probe; of a UDP DEST, it reports what the destination's socket drops; of a pod's DEST
outside of the cluster, --deep reports with whose address it leaves the node, and whether the node itself is answered.
A TCP server gets 4 KB of blanks, to see whether large packets arrive.`,
    synopsis: 'TARGET --to HOST:PORT[/udp]',
    examples: [
      { comment: 'Why a pod of web cannot reach the database', line: 'firewall deploy/web --to svc/db:5432' },
      { comment: 'Does UDP reach a name server?', line: 'firewall web-0 --to 198.51.100.53:53/udp' },
      {
        comment: 'On which side, and on which node, a connection to a pod is lost',
        line: 'firewall web-0 --to pod/db-0:5432 --deep',
      },
      {
        comment: 'To a pod, and to a host outside',
        line: 'firewall web-0 --to pod/db-0:5432,example.com:443',
      },
    ],
    destinations: 'must',
    watches: true,
    alsoRuns: ['path'],
  },
});
