/** `arp` on the command line. */
import { defineAbout } from '../shared/about.ts';

export default defineAbout({
  id: 'arp',
  diagnosis: { after: ['interfaces'] },
  thresholds: {
    tableShare: {
      name: 'table-share',
      describe: "Report the node's neighbour table as nearly full above this share of its limit",
      default: '80',
      type: 'share',
      least: 1,
    },
  },
  command: {
    place: 60,
    summary: 'Find neighbours that do not answer, wrong entries and duplicate addresses',
    details: `First sends to the default gateway, every DEST and some pods on the same node, and asks those on the link by ARP where
the container is allowed to. Only then does it read the neighbour table: an old entry proves nothing.`,
    synopsis: 'TARGET [--to DEST…]',
    examples: [
      {
        comment: 'Does the gateway of the pod web-0 answer, and does nobody else have its address?',
        line: 'arp web-0',
      },
      { comment: 'Include another pod', line: 'arp web-0 --to pod/web-1' },
    ],
    destinations: 'may',
  },
});
