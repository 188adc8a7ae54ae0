import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerFacts } from '../facts.ts';
import { quoteNetwork, quotePeer } from '../quote.ts';

const meta = {
  id: 'NT-DKR-006',
  title: 'The network does not connect its containers',
  severities: ['critical'],
  meaning:
    'The only network that both containers share has inter-container communication switched off: the host drops what one container of the bridge sends to another, in its FORWARD chain and without an answer. Published ports still work.',
  rule: 'A DEST is a running container, and every bridge network that both have was made with com.docker.network.bridge.enable_icc=false, or is the default bridge of an engine with icc false.',
  source: 'Docker documentation, "Bridge network driver" (options), dockerd --icc',
  remedy:
    'Use another network for the two: docker network create NETWORK; docker network connect NETWORK CONTAINER, once for each.',
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
            `Network ${names}, which "${input.container}" and "${peer.container}" share, lets containers not connect to each other.`,
            [
              ...shared.map((one) => quoteNetwork(one, '"com.docker.network.bridge.enable_icc": "false"')),
              quotePeer(peer),
            ],
            { subject: peer.destination },
          ),
        ];
      }),
};
