import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerFacts } from '../facts.ts';
import { isReached } from '../passage.ts';

const meta = {
  id: 'NT-DKR-027',
  title: 'The hosts file of the container gives the name of another one an old address',
  severities: ['critical'],
  meaning:
    'With --add-host (in Compose, extra_hosts) a name has an address in the hosts file of the container, which is asked before the name server. Containers get other addresses when they are started or made anew: then the name leads to an address that nobody has, or to another container.',
  rule: 'A DEST is the name of a running container, the container was started with --add-host for that name and with an address which that container has on no network, and this is the address that did not answer.',
  source: 'docker run reference, --add-host; hosts(5)',
  remedy:
    'Take the entry away (--add-host, extra_hosts) and make the container anew: on a common user-defined network its name server knows the name.',
  explains: { depth: 126, subject: [...ALL_TRAFFIC, 'NT-ARP-002', 'NT-SOCK-001', 'NT-DKR-016'] },
} as const;

export const pinnedName: Rule<DockerFacts> = {
  meta,
  judge: ({ input, tried }) =>
    (input.pinned ?? []).flatMap(({ destination: label, address, container, addresses }) => {
      const one = tried.find(({ destination }) => destination.label === label);
      if (!one || one.address !== address || one.reach.value === undefined || isReached(one)) return [];
      return [
        occurrence(
          meta,
          'critical',
          `The hosts file of "${input.container}" (--add-host, extra_hosts) says that ${one.destination.host} is ${address}, where nobody takes connections; container "${container}" has ${addresses.join(' and ')}.`,
          [
            {
              command: ['docker', 'inspect', '--format', '{{.HostConfig.ExtraHosts}}', input.container],
              excerpt: `${one.destination.host}:${address}`,
            },
          ],
          { subject: label },
        ),
      ];
    }),
};
