/** `sockets` on the command line. */
import { defineAbout } from '../shared/about.ts';

export default defineAbout({
  id: 'sockets',
  diagnosis: { after: ['path'] },
  thresholds: {
    portShare: {
      name: 'port-share',
      describe: 'Report ephemeral ports as nearly exhausted when at least this share is in use',
      default: '80',
      type: 'share',
      least: 1,
    },
  },
  command: {
    place: 50,
    summary: 'Show who listens on the target, and what overflows',
    details: `Compares the listening sockets with the ports that Services send to and that the pod declares, and watches accept queues,
UDP buffers and ephemeral ports for a second.`,
    synopsis: 'TARGET',
    examples: [
      { comment: 'Why connections to the pod db-0 are refused', line: 'sockets db-0' },
      { comment: 'The same for a pod of a Deployment, as JSON', line: 'sockets deploy/web -o json' },
    ],
    destinations: 'none',
  },
});
