import { advice, verbatim } from '../../../model/advice.ts';
import type { PublishedPort } from '../../../model/docker-ports.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { contains, parsePrefix } from '../../../parsers/ip-prefix.ts';
import type { Listener } from '../../../parsers/listeners.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerFacts, DockerHost } from '../facts.ts';
import { isOnOneAddress } from '../host-plan.ts';
import { onHost } from '../passage.ts';
import { publishedText } from '../published.ts';

const meta = {
  id: 'NT-DKR-037',
  title: 'A port is published on an address that the host no longer has',
  severities: ['warning'],
  meaning:
    'The port was published on one address of the host (-p ADDRESS:PORT:PORT, daemon.json\'s "ip"), and the host has it no more: DHCP gave it another one, somebody set a new one, or a virtual address went to another machine. docker-proxy and Docker\'s rules keep waiting for the old one: the container runs, docker ps shows the port, and connections to the new address are refused.',
  rule: "A program of the host listens on the published port at that address, which no interface and no local route of the host has, and programs may not listen on other machines' addresses there (ip_nonlocal_bind is 0), as those of a standby that waits for a virtual address do.",
  source:
    'Docker documentation, "Port publishing and mapping"; Linux: Documentation/networking/ip-sysctl.rst (ip_nonlocal_bind); openimsdk/open-im-server#434; moby/moby#27165',
  remedy:
    'Make the container anew with the address that the host has now, or without an address: -p PORT:PORT is on all of them, and a rule in DOCKER-USER keeps others out. Starting it again with the old one fails ("cannot assign requested address").',
} as const;

/** Only a host that had the address could listen on it. */
function listenerOn({ listeners }: DockerHost, port: PublishedPort): Listener | undefined {
  return listeners?.find(
    (one) => one.port === port.hostPort && one.protocol === port.protocol && one.address === port.hostAddress,
  );
}

/** `undefined`: no address. */
function hasAddress({ interfaces, routes }: DockerHost, address: string): boolean | undefined {
  const known = parsePrefix(address);
  if (!known) return undefined;
  return (
    interfaces.some(({ addresses }) => addresses.some((one) => one.address === address)) ||
    routes.some(({ type, destination }) => type === 'local' && contains(destination, known))
  );
}

function judge({ host, input }: DockerFacts, port: PublishedPort): Occurrence[] {
  const listener = host && listenerOn(host, port);
  if (!host || !listener || host.bindsAnyAddress !== false) return [];
  if (!isOnOneAddress(port) || hasAddress(host, port.hostAddress) !== false) return [];
  const family = parsePrefix(port.hostAddress)?.family;
  const own = host.interfaces.flatMap(({ name, kind, addresses }) =>
    kind === 'bridge' || name === 'lo'
      ? []
      : addresses
          .filter((one) => one.family === family && one.scope === 'global')
          .map((one) => `${name} ${one.address}/${one.prefixLength}`),
  );
  return [
    occurrence(
      meta,
      'warning',
      `${publishedText(port)[0]?.toUpperCase()}${publishedText(port).slice(1)} of "${input.container}" waits at ${port.hostAddress}, and no interface of the Docker host has that address: nobody gets to it.`,
      [
        onHost(host.results.listeners?.command ?? ['ss', '-lntupH'], listener.line),
        onHost(['ip', 'addr', 'show'], own.join('\n') || 'no other address'),
      ],
      {
        remediation: advice`Make the container anew with the address that the host has now, or without an address; starting it again with the old one fails. On the host:\n${verbatim`docker inspect --format '{{json .HostConfig.PortBindings}}' ${input.container}`}`,
      },
    ),
  ];
}

export const oldHostAddress: Rule<DockerFacts> = {
  meta,
  judge: (facts) => facts.input.published.flatMap((port) => judge(facts, port)),
};
