import { type Advice, advice, verbatim } from '../../../model/advice.ts';
import type { ContainerPort } from '../../../model/container-port.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { socketAddress } from '../../../model/socket-address.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { FirewallFacts, PathFacts } from '../facts.ts';
import { nameOf, quoteReach } from '../path.ts';

const meta = {
  id: 'NT-DKR-028',
  title: 'The port is that of a container, which does not publish it there',
  severities: ['critical'],
  meaning:
    'This machine refuses the connection, as nothing of its own listens on the port, while a container on it has that port in a network of its own. EXPOSE in an image, expose in a Compose file and docker run --expose open nothing on the host: only a port that is published does, at the address and the port of the host that are named when the container is made. A container that has stopped publishes nothing.',
  rule: 'A DEST is this machine (a loopback address or one of its own), refuses the connection, and nothing here listens on the port; and the Docker engine of this machine has a container that runs and listens on the port in its own network, or exposes it, or one that does not run and would publish it (TARGET local; an engine that this user may not ask, or that is reached by TCP, is not asked).',
  source: 'Docker documentation, "Port publishing and mapping" and "Dockerfile reference", EXPOSE',
  remedy: advice`Make the container anew with the port published (docker run --publish HOST-PORT:PORT, ports: in a Compose file), or ask for the address of the container. See what is published, behind the arrows in PORTS.\n${verbatim`docker ps --all`}`,
  explains: { depth: 845, subject: ['NT-SOCK-001', 'NT-FW', 'NT-LAT', 'NT-TLS', 'NT-HTTP'] },
} as const;

/** More are counted. */
const MOST_NAMED = 3;

function hasText({ by, protocol, port }: ContainerPort): string {
  const name = `${protocol.toUpperCase()} ${port}`;
  switch (by) {
    case 'listens':
      return `listens on ${name} in its own network`;
    case 'loopback':
      return `listens on ${name} in its own network, on its loopback address alone`;
    case 'exposed':
      return `exposes ${name}`;
    case 'published':
      return `would lead it to its own ${name}`;
  }
}

function text(one: ContainerPort): string {
  const { container, state, published, address } = one;
  const where = published.join(' and ');
  if (state !== 'running')
    return `container "${container}" ${hasText(one)} (${where}), and is not running (${state})`;
  const at = address === undefined ? '' : ` (${address})`;
  const what = published.length === 0 ? 'does not publish it' : `publishes it at ${where} alone`;
  return `container "${container}"${at} ${hasText(one)}, and ${what}`;
}

/** Of a `docker run` line, which nobody has but who typed it, only the part that is missing. */
function remedyFor({ container, state, published, by, address, port, protocol }: ContainerPort): Advice {
  if (state !== 'running')
    return advice`Start it, and see why it has ended.\n${verbatim`docker start ${container}`}\n${verbatim`docker logs --tail 50 ${container}`}`;
  if (by === 'loopback')
    return `Make the program in "${container}" listen on all addresses (0.0.0.0), and publish the port when the container is made: docker run --publish ${port}:${port}, or ports: in its Compose file. As it is, nobody outside of the container reaches it.`;
  const [place] = published;
  if (place !== undefined)
    return `Ask for ${place.replace('0.0.0.0', 'localhost')}, or make "${container}" anew with the port published where you need it.`;
  const suffix = protocol === 'udp' ? '/udp' : '';
  const direct =
    address === undefined
      ? ''
      : ` From this machine alone, ${socketAddress(address, port)} leads to it as well, until it is made anew.`;
  return `Make "${container}" anew with the port published: docker run --publish ${port}:${port}${suffix}, or in its Compose file ports: ["${port}:${port}${suffix}"] (expose: opens nothing).${direct}`;
}

function judge(path: PathFacts): Occurrence[] {
  const { destination, cause, containers } = path;
  const [first] = containers;
  if (first === undefined || cause.kind !== 'refused') return [];
  const named = containers.slice(0, MOST_NAMED).map(text);
  const more = containers.length - named.length;
  return [
    occurrence(
      meta,
      'critical',
      `${nameOf(path)} is refused by this machine, on which nothing listens on the port; ${named.join('; ')}${more > 0 ? `; and so ${more} more` : ''}.`,
      [
        ...quoteReach(path),
        {
          command: ['docker', 'ps', '--all', '--format', '{{.Names}} {{.State}} {{.Ports}}'],
          excerpt: containers.slice(0, MOST_NAMED).map(psLine).join('\n'),
        },
      ],
      { subject: destination.label, remediation: remedyFor(first) },
    ),
  ];
}

function psLine({ container, state, port, protocol, published, by }: ContainerPort): string {
  const own = `${port}/${protocol}`;
  const ports =
    published.length === 0
      ? by === 'exposed'
        ? own
        : ''
      : published.map((at) => `${at}->${own}`).join(', ');
  return `${container} ${state} ${ports}`.trim();
}

export const unpublished: Rule<FirewallFacts> = {
  meta,
  judge: ({ paths }) => paths.flatMap(judge),
};
