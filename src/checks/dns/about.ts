/** `dns` on the command line. */
import { defineAbout } from '../shared/about.ts';

export default defineAbout({
  id: 'dns',
  diagnosis: { after: ['sockets'] },
  thresholds: {},
  command: {
    place: 10,
    summary: 'Ask each name server separately and name the part of the chain that fails',
    details: `Looks names up as an application in the target would: each expansion of the search list, each server of its
resolv.conf, and each server behind the cluster's DNS Service, by UDP and by TCP. Without NAME it looks up
the API server.`,
    synopsis: 'TARGET [NAME…]',
    examples: [
      { comment: 'Does DNS work in the pod web-0, with every replica?', line: 'dns web-0' },
      {
        comment: 'Why a pod of web cannot resolve a name, and what it costs',
        line: 'dns deploy/web api.example.com',
      },
    ],
    takesNames: true,
    destinations: 'none',
  },
});
