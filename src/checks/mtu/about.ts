/** `mtu` on the command line. */
import { defineAbout } from '../shared/about.ts';

/** What the check may send. */
export interface MtuOptions {
  /** Full segments over TCP to DESTs with a port. */
  readonly transfer: boolean;
}

export default defineAbout({
  id: 'mtu',
  diagnosis: { after: ['latency'] },
  thresholds: {},
  command: {
    place: 90,
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
    destinations: 'may',
    options: (): MtuOptions => ({ transfer: true }),
  },
});
