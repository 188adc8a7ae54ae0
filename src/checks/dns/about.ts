/** `dns` on the command line. */
import { defineAbout } from '../shared/about.ts';

export default defineAbout({
  id: 'dns',
  diagnosis: { after: ['sockets'] },
  thresholds: {},
  command: {
    place: 10,
    summary: 'Ask each name server separately and name the part of the chain that fails',
    details: `Looks up names as an application in the target would: each expansion of the search list, on each server of its
resolv.conf and each server behind the cluster's DNS Service, over UDP and TCP. Without NAME it looks up
the API server.`,
    synopsis: 'TARGET [NAME…]',
    examples: [
      { comment: 'Does DNS work from pod web-0, with every DNS replica?', line: 'dns web-0' },
      {
        comment: 'Why can a pod of web not resolve a name, and how many queries does it take?',
        line: 'dns deploy/web api.example.com',
      },
    ],
    takesNames: true,
    destinations: 'none',
  },
});
