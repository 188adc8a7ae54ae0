/** `dns` on the command line. */
import { defineAbout } from '../shared/about.ts';

export default defineAbout({
  id: 'dns',
  diagnosis: { after: ['sockets'] },
  thresholds: {},
  command: {
    place: 10,
    summary: 'Ask every name server by itself, and say which part of the chain fails',
    details: `Looks names up as an application in the target would: each expansion of the search list, each server of its
resolv.conf, and each server behind the cluster's DNS Service, by UDP and by TCP. Without a NAME it looks at the API
server's.`,
    synopsis: 'TARGET [NAME…]',
    examples: [
      { comment: 'Does DNS work in the pod web-0, and with all replicas', line: 'dns web-0' },
      {
        comment: 'Why a pod of web cannot resolve a name, and what it costs',
        line: 'dns deploy/web api.example.com',
      },
    ],
    takesNames: true,
    destinations: 'none',
  },
});
