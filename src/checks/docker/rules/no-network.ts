import { advice, verbatim } from '../../../model/advice.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerFacts } from '../facts.ts';
import { quoteNetworks } from '../quote.ts';

const meta = {
  id: 'NT-DKR-001',
  title: 'The container is on no network',
  severities: ['critical', 'warning'],
  meaning:
    'The container has loopback and nothing else: it reaches nobody, nobody reaches it, and its published ports lead nowhere. Docker gives a network namespace only the networks that the container is attached to.',
  rule: "The engine lists no network for the container (critical), or it was started with network mode none (warning: somebody wanted it so). A container in the host's or in another container's network is not meant.",
  source: 'Docker documentation, "Networking overview" (docker network connect, --network none)',
  remedy:
    'Attach it: docker network connect NETWORK CONTAINER; with --network none it has to be started anew.',
  explains: { depth: 110, target: [...ALL_TRAFFIC, 'NT-ARP', 'NT-RT', 'NT-IF', 'NT-SOCK'] },
} as const;

export const noNetwork: Rule<DockerFacts> = {
  meta,
  judge: ({ input }) => {
    const { mode, networks, container } = input;
    if (mode === 'host' || mode.startsWith('container:')) return [];
    if (mode === 'none') {
      return [
        occurrence(
          meta,
          'warning',
          `Container "${container}" was started with network mode none: it has no network but loopback.`,
          [quoteNetworks(input)],
          { remediation: `If it should have a network, start it anew without --network none.` },
        ),
      ];
    }
    if (networks.length > 0) return [];
    return [
      occurrence(
        meta,
        'critical',
        `Container "${container}" is attached to no network.`,
        [quoteNetworks(input)],
        {
          remediation: advice`Attach it to a network; docker network ls shows which there are.\n${verbatim`docker network connect NETWORK ${container}`}`,
        },
      ),
    ];
  },
};
