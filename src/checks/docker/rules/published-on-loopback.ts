import type { PublishedPort } from '../../../model/docker-ports.ts';
import { socketAddress } from '../../../model/socket-address.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerFacts } from '../facts.ts';

const meta = {
  id: 'NT-DKR-007',
  title: "A port is published only on the host's loopback",
  severities: ['info'],
  meaning:
    "The port is published on an address that only the Docker host itself reaches. Connections from other machines to the host's port are refused. Often that is intended: it keeps a database off the network.",
  rule: 'Every address on which a port of the container is published is in 127.0.0.0/8 or ::1.',
  source: 'Docker documentation, "Port publishing and mapping"',
  remedy:
    'If others should reach it, publish it without an address (-p 8080:80) or on the address of the right interface.',
} as const;

function isLoopback({ hostAddress }: PublishedPort): boolean {
  return hostAddress.startsWith('127.') || hostAddress === '::1';
}

export const publishedOnLoopback: Rule<DockerFacts> = {
  meta,
  judge: ({ input: { published, container } }) => {
    const ports = [...new Set(published.map(({ port, protocol }) => `${port}/${protocol}`))];
    return ports.flatMap((name) => {
      const own = published.filter(({ port, protocol }) => `${port}/${protocol}` === name);
      if (!own.every(isLoopback)) return [];
      const places = own.map(({ hostAddress, hostPort }) => socketAddress(hostAddress, hostPort));
      return [
        occurrence(
          meta,
          'info',
          `${name} is published on ${places.join(', ')}: only the Docker host itself can connect.`,
          [
            {
              command: ['docker', 'port', container],
              excerpt: places.map((place) => `${name} -> ${place}`).join('\n'),
            },
          ],
        ),
      ];
    });
  },
};
