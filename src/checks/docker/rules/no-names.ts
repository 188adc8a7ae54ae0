import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { EMBEDDED_DNS } from '../../shared/embedded-dns.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerFacts } from '../facts.ts';
import { quoteNetworks } from '../quote.ts';
import { isApart } from './no-shared-network.ts';

const meta = {
  id: 'NT-DKR-004',
  title: 'The default bridge does not resolve container names',
  severities: ['critical'],
  meaning:
    "On the default bridge (docker0), containers have a copy of the host's resolv.conf, and no server there knows the names of other containers. Only user-defined networks have the engine's own name server, 127.0.0.11, which does.",
  rule: `A DEST is the name of a running container that shares the default bridge with the target and no other network, and resolv.conf does not name ${EMBEDDED_DNS}.`,
  source:
    'Docker documentation, "Bridge network driver" (differences between user-defined bridges and the default bridge)',
  remedy:
    'Connect both to a user-defined network: docker network create NETWORK; then docker network connect NETWORK CONTAINER for each. Until then, use the address.',
  explains: { depth: 140, subject: ALL_TRAFFIC },
} as const;

export const noNames: Rule<DockerFacts> = {
  meta,
  judge: ({ input, nameServers }) => {
    if (nameServers?.includes(EMBEDDED_DNS) === true) return [];
    const own = input.networks;
    if (own.length === 0 || !own.every(({ isDefaultBridge }) => isDefaultBridge)) return [];
    return input.peers
      .filter((peer) => peer.by === 'name' && peer.isRunning && !isApart(input, peer))
      .map((peer) =>
        occurrence(
          meta,
          'critical',
          `Both "${input.container}" and "${peer.container}" are on the default bridge, where container names do not resolve.`,
          [
            quoteNetworks(input),
            {
              command: ['cat', '/etc/resolv.conf'],
              excerpt:
                (nameServers ?? []).map((server) => `nameserver ${server}`).join('\n') || 'no nameserver',
            },
          ],
          { subject: peer.destination },
        ),
      );
  },
};
