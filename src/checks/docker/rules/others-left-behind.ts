import { type Advice, advice, verbatim } from '../../../model/advice.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerFacts } from '../facts.ts';
import { isReached } from '../passage.ts';

const meta = {
  id: 'NT-DKR-024',
  title: 'Containers that share this network were left behind when it was made anew',
  severities: ['critical', 'warning'],
  meaning:
    'Other containers share the network namespace of this one (--network container:NAME; in Compose, network_mode: "service:NAME"). It was started anew since, with a new namespace, and they were not: they are left in the last one, without a network. Ports that they serve under the name, the address or the published ports of this container are refused.',
  rule: 'The engine lists a running container whose network mode names the target (warning) or the container that a DEST means, of which TCP was not reached (critical), and that was started before it.',
  source: 'docker run reference, "Network settings" (container:NAME)',
  remedy:
    'Restart those containers: docker restart CONTAINER. In Compose, depends_on with "restart: true" restarts them with the other.',
  explains: { depth: 145, subject: ['NT-SOCK-001', 'NT-FW', 'NT-LAT', 'NT-HTTP', 'NT-TLS'] },
} as const;

function remedyFor(names: readonly string[]): Advice {
  return advice`Restart what was left behind. In Compose, depends_on with "restart: true" restarts it together with the other.\n${verbatim`docker restart ${names}`}`;
}

function quoteModes(names: readonly string[], owner: string) {
  const command = ['docker', 'inspect', '--format', '{{.HostConfig.NetworkMode}} {{.State.StartedAt}}'];
  return [
    {
      command: [...command, ...names, owner],
      excerpt: `${names.join(', ')}: network mode container:${owner}, started before it`,
    },
  ];
}

const listOf = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(' and ');

export const othersLeftBehind: Rule<DockerFacts> = {
  meta,
  judge: ({ input, tried }) => {
    const own = input.leftBehind ?? [];
    const ofTarget =
      own.length === 0
        ? []
        : [
            occurrence(
              meta,
              'warning',
              `${listOf(own)} ${own.length === 1 ? 'shares' : 'share'} the network of "${input.container}", which was started anew since: left in the network namespace of before, ${own.length === 1 ? 'it has' : 'they have'} no network, and what ${own.length === 1 ? 'it serves' : 'they serve'} is not reached here.`,
              quoteModes(own, input.container),
              { remediation: remedyFor(own) },
            ),
          ];
    const ofPeers = tried
      .filter((one) => one.reach.value !== undefined && !isReached(one))
      .flatMap(({ destination: { label, port } }) => {
        const peer = input.peers.find(({ destination }) => destination === label);
        const left = peer?.leftBehind ?? [];
        if (peer === undefined || peer.sharesWith !== undefined || left.length === 0) return [];
        return [
          occurrence(
            meta,
            'critical',
            `${label} is not served in the network of "${peer.container}": ${listOf(left)}, which ${left.length === 1 ? 'shares' : 'share'} it, ${left.length === 1 ? 'was' : 'were'} left in the network namespace of before when "${peer.container}" was started anew, so that port ${port} is not reached if ${left.length === 1 ? 'it serves' : 'one of them serves'} it.`,
            quoteModes(left, peer.container),
            { subject: label, remediation: remedyFor(left) },
          ),
        ];
      });
    return [...ofTarget, ...ofPeers];
  },
};
