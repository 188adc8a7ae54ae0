import type { Occurrence } from '../../../model/finding.ts';
import type { Listener } from '../../../parsers/listeners.ts';
import { LOST_PACKETS } from '../../shared/effects.ts';
import { quoteTries } from '../../shared/reach-probe.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { ON_HOST } from '../engine-words.ts';
import type { DockerFacts, Tried } from '../facts.ts';
import { wayTo } from '../host.ts';

const meta = {
  id: 'NT-DKR-031',
  title: 'A program of the Docker host listens on its loopback alone',
  severities: ['critical'],
  meaning:
    "Containers reach their host by an address of it: that of their bridge (host.docker.internal with host-gateway), or any other. What listens on 127.0.0.1 of the host takes none of these, and no name changes that: 127.0.0.1 of a container is the container's own. A port that another container publishes on 127.0.0.1 alone is such a listener too (docker-proxy).",
  rule: 'A DEST is an address of the Docker host that refuses the connection, and by ss on the host the port is listened on at loopback addresses alone.',
  source: 'Docker documentation, "Networking overview" (host-gateway), "Port publishing and mapping"',
  remedy:
    "Let the program listen on the address of the containers' bridge as well (docker network inspect shows it as Gateway), or on all addresses behind a firewall. If it is a published port of another container, connect both containers to one network, and use that container's name and own port.",
  explains: { depth: 248, subject: [...LOST_PACKETS, 'NT-SOCK-001'] },
} as const;

const isLoopback = ({ address }: Listener): boolean => /^(127\.|::1$|::ffff:127\.)/.test(address);

function judge({ host, input }: DockerFacts, tried: Tried): Occurrence[] {
  const { destination, address, port, reach, result } = tried;
  const last = reach.value?.tries.at(-1);
  if (host?.listeners === undefined || last?.error !== 'Connection refused') return [];
  if (wayTo(host, address) !== 'host' || destination.protocol !== 'tcp') return [];
  const there = host.listeners.filter((one) => one.protocol === 'tcp' && one.port === port);
  const [listener] = there;
  if (listener === undefined || !there.every(isLoopback)) return [];
  const isProxy =
    listener.process === 'docker-proxy' ||
    input.proxies?.some((one) => one.hostPort === port && one.hostAddress === listener.address) === true;
  const who = isProxy
    ? `it is published on ${listener.address} of the host alone (docker-proxy)`
    : `${listener.process ?? 'a program'} listens on it at ${listener.address} of the host alone`;
  return [
    occurrence(
      meta,
      'critical',
      `${destination.label} is port ${port} of the Docker host, and ${who}: "${input.container}", which comes to ${address}, is refused.`,
      [
        {
          command: [ON_HOST, ...(host.results.listeners?.command ?? ['ss', '-lntupH'])],
          excerpt: there.map(({ line }) => line).join('\n'),
        },
        ...quoteTries(result, 2),
      ],
      { subject: destination.label },
    ),
  ];
}

export const hostOnLoopback: Rule<DockerFacts> = {
  meta,
  judge: (facts) => facts.tried.flatMap((tried) => judge(facts, tried)),
};
