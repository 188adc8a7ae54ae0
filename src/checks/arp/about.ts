/** `arp` on the command line. */
import { defineAbout } from '../shared/about.ts';

export default defineAbout({
  id: 'arp',
  diagnosis: { after: ['interfaces'] },
  thresholds: {
    tableShare: {
      name: 'table-share',
      describe: "Call the node's neighbour table nearly full above this share of its limit",
      default: '80',
      type: 'share',
      least: 1,
    },
  },
  command: {
    place: 60,
    summary: 'Find neighbours that do not answer, wrong entries and duplicate addresses',
    details: `Sends to the default gateway, to every DEST and to some pods of the same node first, asks those on the link by ARP where
the container may, and reads the neighbour table only then: an old entry proves nothing.`,
    synopsis: 'TARGET [--to DEST…]',
    examples: [
      {
        comment: 'Whether the gateway of the pod web-0 answers, and nobody else has its address',
        line: 'arp web-0',
      },
      { comment: 'Also the way to another pod', line: 'arp web-0 --to pod/web-1' },
    ],
    destinations: 'may',
  },
});
