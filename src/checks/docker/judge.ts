/** From what the engine said to a result: pure, so that saved evidence gives the same result again. */

import type { Judgement } from '../../model/check.ts';
import type { Evidence } from '../../model/evidence.ts';
import type { PlaceWords } from '../../model/place-words.ts';
import { conclude, type Outcome } from '../shared/judgement.ts';
import { POD_WORDS } from '../shared/place-words.ts';
import { Skips } from '../shared/skipped.ts';
import type { DockerFacts, DockerInput } from './facts.ts';
import { dockerFacts } from './gathered.ts';
import { DOCKER_RULES } from './rules/index.ts';

export function judgeDocker(
  evidence: Evidence,
  input: DockerInput,
  words: PlaceWords = POD_WORDS,
): Judgement {
  const { hostSkipped, ...facts } = dockerFacts(evidence, input);
  const skips = new Skips(words);
  skips.add(hostSkipped, 'the Docker host (published ports, forwarding, address translation)');
  for (const { destination, reach } of facts.tried)
    skips.add(reach.skipped, `the path to ${destination.label}`);
  if (facts.nameServers === undefined) skips.add('resolv.conf cannot be read', 'its name servers');
  if (facts.host) {
    const { listeners, forwarding, datagrams } = facts.host;
    if (listeners === undefined) skips.add('ss shows none on the host', "listeners on the host's ports");
    if (forwarding === undefined)
      skips.add('/proc/sys/net of the host cannot be read', "the host's forwarding");
    skips.add(datagrams.skipped, 'whom datagrams to published ports are led to (NT-DKR-020)');
  }
  return conclude(evidence, {
    found: DOCKER_RULES.flatMap((rule) => rule.judge(facts)),
    skips,
    measurements: {
      mode: input.mode,
      networks: input.networks.map((network) => ({ ...network })),
      published: input.published.map((port) => ({ ...port })),
      nameServers: facts.nameServers === undefined ? null : [...facts.nameServers],
      peers: input.peers.map((peer) => ({ ...peer })),
      bridges: facts.links.map(({ network, bridge }) => ({ network: network.name, bridge })),
    },
    otherwise: () => outcome(facts),
  });
}

/** What the engine says is known without a command; that it is so in the container, and on the host, is not. */
function outcome({ input, host, nameServers, tried }: DockerFacts): Outcome {
  const isSeen = host !== undefined || nameServers !== undefined || tried.some(({ reach }) => reach.value);
  const said = whatIsThere(input);
  return isSeen
    ? { status: 'pass', summary: said }
    : {
        status: 'skip',
        summary: `${said} This is what the engine says; nothing inside the container could be checked.`,
      };
}

function whatIsThere({ mode, networks, published }: DockerInput): string {
  // One port may be published on an IPv4 and on an IPv6 address.
  const count = new Set(published.map(({ port, protocol }) => `${port}/${protocol}`)).size;
  const ports = count === 1 ? '1 port is' : `${count} ports are`;
  if (mode === 'host') return "The container uses the host's network, where publishing ports has no effect.";
  if (mode.startsWith('container:'))
    return `The container shares the network of container ${mode.slice('container:'.length, 22)}.`;
  const names = networks.map(({ name, driver }) => `${name} (${driver})`).join(', ');
  return `The container is on ${names}, and ${ports} published.`;
}
