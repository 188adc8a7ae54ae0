/** From what the engine said to a result: pure, so that saved evidence gives the same result again. */

import type { Judgement } from '../../model/check.ts';
import type { Evidence } from '../../model/evidence.ts';
import type { PlaceWords } from '../../model/place-words.ts';
import { conclude, type Outcome } from '../shared/judgement.ts';
import { POD_WORDS } from '../shared/place-words.ts';
import { because } from '../shared/reason.ts';
import { Skips } from '../shared/skipped.ts';
import { hostText, markedFor } from './engine-words.ts';
import type { DockerFacts, DockerInput } from './facts.ts';
import { dockerFacts } from './gathered.ts';
import { DOCKER_RULES, OF_ANY_ENGINE } from './rules/index.ts';
import { PODMANS_RULES } from './unseen-host.ts';

export function judgeDocker(
  evidence: Evidence,
  input: DockerInput,
  words: PlaceWords = POD_WORDS,
): Judgement {
  const { hostSkipped, ...facts } = dockerFacts(evidence, input);
  const skips = new Skips(words);
  skips.add(hostSkipped, `${hostText(input)} (published ports, forwarding, address translation)`);
  if (input.isPodman)
    skips.add(because(PODMANS_RULES), 'what keeps networks apart on the host, and IPv6 of published ports');
  for (const { destination, reach } of facts.tried)
    skips.add(reach.skipped, `the path to ${destination.label}`);
  if (facts.nameServers === undefined) skips.add('resolv.conf cannot be read', 'its name servers');
  if (facts.host) {
    const { listeners, forwarding, datagrams } = facts.host;
    if (listeners === undefined) skips.add('ss shows none on the host', "listeners on the host's ports");
    if (forwarding === undefined)
      skips.add('/proc/sys/net of the host cannot be read', "the host's forwarding");
    if (facts.host.strict === undefined && input.networks.length > 1)
      skips.add('/proc/sys/net of the host cannot be read', "the host's reverse path filters (NT-DKR-029)");
    for (const [peer, way] of facts.host.tunnelWays)
      skips.add(way.skipped, `the way of an overlay's packets to ${peer} (NT-DKR-033)`);
    skips.add(datagrams.skipped, 'whom datagrams to published ports are led to (NT-DKR-020)');
  }
  return conclude(evidence, {
    found: DOCKER_RULES.flatMap((rule) =>
      rule
        .judge(input.isPodman && !OF_ANY_ENGINE.has(rule) ? withoutHost(facts) : facts)
        .map((found) => markedFor(input, found)),
    ),
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

function withoutHost(facts: DockerFacts): DockerFacts {
  return { ...facts, host: undefined, links: [] };
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
