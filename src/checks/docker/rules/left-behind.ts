import { type Advice, advice, verbatim } from '../../../model/advice.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerFacts, DockerInput } from '../facts.ts';

const meta = {
  id: 'NT-DKR-023',
  title: 'The container whose network this one shares was started anew, and this one was not',
  severities: ['critical'],
  meaning:
    'A container with --network container:OTHER (in Compose, network_mode: "service:OTHER") lives in the network namespace of the other. Docker makes a new namespace each time the other starts, and moves its interfaces there. Who shared the last one stays in it, with loopback alone: no network, no name server, and nobody reaches its ports. That is usual behind VPN containers, after their update, crash or restart.',
  rule: "The container's network mode names another container. The engine says that the other was started later, does not run or is gone; and none of the other's addresses is in the container's own network (ip addr): none at all where the other is gone.",
  source: 'docker run reference, "Network settings" (container:NAME); moby/moby, libnetwork (sandbox)',
  remedy:
    'Restart the container: docker restart CONTAINER. If the other was removed and made anew, make this one anew too: docker compose up -d --force-recreate SERVICE. In Compose, depends_on with "restart: true" restarts it with the other.',
  explains: {
    depth: 108,
    target: [...ALL_TRAFFIC, 'NT-DNS', 'NT-ARP', 'NT-RT', 'NT-IF', 'NT-SOCK', 'NT-HTTP'],
  },
} as const;

const COMPOSE = 'In Compose, depends_on with "restart: true" restarts it together with the other.';

/** What became of the other, and what to do. */
function storyOf({
  owner,
  isOwnerGone,
  container,
}: DockerInput): { what: string; remedy: Advice } | undefined {
  if (isOwnerGone === true)
    return {
      what: 'which is gone (it was removed, or made anew under another id)',
      remedy: advice`Make this container anew: it is bound to the id of the other, so that a restart would fail. With Compose: docker compose up -d --force-recreate, with the name of its service. ${COMPOSE}`,
    };
  if (owner?.isRunning === false)
    return {
      what: 'which does not run',
      remedy: advice`Start the other, then restart this one. ${COMPOSE}\n${verbatim`docker start ${owner.container}`}\n${verbatim`docker restart ${container}`}`,
    };
  if (owner?.isYounger === true)
    return {
      what: 'which was started anew since this one joined',
      remedy: advice`Restart this container: it then joins the network that the other has now. ${COMPOSE}\n${verbatim`docker restart ${container}`}`,
    };
  return undefined;
}

export const leftBehind: Rule<DockerFacts> = {
  meta,
  judge: ({ input, ownAddresses }) => {
    const { owner, mode, container } = input;
    const story = storyOf(input);
    if (!story || ownAddresses === undefined) return [];
    const theirs = owner?.networks.flatMap(({ addresses }) => addresses) ?? [];
    // One that runs without an address of its own shows nothing.
    if (owner?.isRunning === true && theirs.length === 0) return [];
    const isThere =
      theirs.length === 0 ? ownAddresses.length > 0 : theirs.some((one) => ownAddresses.includes(one));
    if (isThere) return [];
    const other = owner === undefined ? mode.slice('container:'.length, 22) : `"${owner.container}"`;
    const has = ownAddresses.length === 0 ? 'loopback alone' : ownAddresses.join(', ');
    return [
      occurrence(
        meta,
        'critical',
        `"${container}" shares the network of container ${other}, ${story.what}: it was left in the network namespace of before, with ${has}.`,
        [
          {
            command: ['docker', 'inspect', '--format', '{{.HostConfig.NetworkMode}}', container],
            excerpt: mode,
          },
          { command: ['ip', 'addr'], excerpt: `addresses here: ${has}` },
          ...(theirs.length === 0
            ? []
            : [{ command: ['docker', 'inspect', owner?.container ?? ''], excerpt: theirs.join('\n') }]),
        ],
        { remediation: story.remedy },
      ),
    ];
  },
};
