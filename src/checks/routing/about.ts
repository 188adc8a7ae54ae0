/** `routing` on the command line. */
import { defineAbout } from '../shared/about.ts';

export default defineAbout({
  id: 'routing',
  diagnosis: { after: ['arp'] },
  thresholds: {},
  command: {
    place: 20,
    summary: 'Find routes, rules and source addresses that lead packets astray',
    details: `Asks the target's kernel how it routes to the default gateway, the cluster's DNS server, the API server and every
DEST, sends a few packets there, and explains what refuses, drops or misleads them, here or at a router further on.`,
    synopsis: 'TARGET [--to DEST…]',
    examples: [
      { comment: 'Does the pod web-0 have the routes that every pod needs?', line: 'routing web-0' },
      {
        comment: 'Why a pod says "Network is unreachable" or "No route to host" for an address',
        line: 'routing deploy/web --to 203.0.113.7:443',
      },
    ],
    destinations: 'may',
  },
});
