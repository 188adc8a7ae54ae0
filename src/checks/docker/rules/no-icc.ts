import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerFacts } from '../facts.ts';
import { quoteNetwork, quotePeer } from '../quote.ts';

const meta = {
  id: 'NT-DKR-006',
  title: 'The network does not let its containers connect to each other',
  severities: ['critical'],
  meaning:
    'The only network that both containers share has inter-container communication turned off: in its FORWARD chain, the host silently drops what one container on the bridge sends to another. Published ports still work.',
  rule: 'A DEST is a running container, and every bridge network that both share was created with com.docker.network.bridge.enable_icc=false, or is the default bridge of an engine with icc false.',
  source: 'Docker documentation, "Bridge network driver" (options), dockerd --icc',
  remedy:
    'Connect both to another network: docker network create NETWORK; then docker network connect NETWORK CONTAINER for each.',
  explains: { depth: 160, subject: ALL_TRAFFIC },
} as const;

export const noIcc: Rule<DockerFacts> = {
  meta,
  judge: ({ input }) =>
    input.peers
      .filter(({ isRunning }) => isRunning)
      .flatMap((peer) => {
        const shared = input.networks.filter(({ name }) => peer.networks.includes(name));
        if (shared.length === 0 || shared.some(({ connectsContainers }) => connectsContainers)) return [];
        const names = shared.map(({ name }) => name).join(', ');
        return [
          occurrence(
            meta,
            'critical',
            `Network ${names}, which "${input.container}" and "${peer.container}" share, does not let containers connect to each other.`,
            [
              ...shared.map((one) => quoteNetwork(one, '"com.docker.network.bridge.enable_icc": "false"')),
              quotePeer(peer),
            ],
            { subject: peer.destination },
          ),
        ];
      }),
};
