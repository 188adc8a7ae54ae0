/** `service` on the command line. */
import { usageError } from '../../model/usage-error.ts';
import { defineAbout } from '../shared/about.ts';

export default defineAbout({
  id: 'service',
  diagnosis: { after: ['conntrack'] },
  thresholds: {},
  command: {
    place: 40,
    summary: 'Walk a Service: every endpoint, the cluster IP, the name',
    details: `Connects from the target to each ready endpoint, then to the cluster IP, then by name, and compares the results with
what the API says about the Service. A TCP server gets 4 KB of blanks, to see whether large packets arrive.`,
    synopsis: 'TARGET --to svc/NAME[.NAMESPACE][:PORT]',
    examples: [
      { comment: 'Which endpoint of db fails for the pods of web', line: 'service deploy/web --to svc/db' },
      {
        comment: 'A Service of another namespace, by UDP',
        line: 'service web-0 --to svc/kube-dns.kube-system:53/udp',
      },
    ],
    destinations: 'must',
    refuse: (destinations) => {
      const other = destinations.find((text) => !/^(svc|services?)\/[^/:]/i.test(text));
      if (other !== undefined)
        throw usageError(`service looks at Services: write --to svc/NAME, not "${other}"`);
    },
  },
});
