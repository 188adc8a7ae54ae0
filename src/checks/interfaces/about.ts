/** `interfaces` on the command line. */
import { defineAbout } from '../shared/about.ts';

/** How the check makes traffic. */
export interface InterfacesOptions {
  /** Packets to DESTs too. */
  readonly send: boolean;
}

export default defineAbout({
  id: 'interfaces',
  diagnosis: { after: ['docker'] },
  thresholds: {},
  command: {
    place: 70,
    summary: 'Find links without carrier and interfaces with errors',
    details: `Sends some packets to the default gateway, the cluster's DNS server, the API server and every DEST, and compares what the
target's interfaces counted before and after.`,
    synopsis: 'TARGET [--to DEST…]',
    examples: [
      { comment: 'Are the links of the pod web-0 up and free of errors?', line: 'interfaces web-0' },
      { comment: 'With packets to a host behind a tunnel', line: 'interfaces web-0 --to 203.0.113.7' },
    ],
    destinations: 'may',
    options: (): InterfacesOptions => ({ send: true }),
  },
});
