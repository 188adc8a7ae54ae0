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
    'The container has nothing but loopback: it reaches nothing, nothing reaches it, and its published ports lead nowhere. Docker gives a container only the networks it is attached to.',
  rule: "The engine lists no network for the container (critical), or it was started with network mode none (warning: that was a choice). Containers in the host's or in another container's network are exempt.",
  source: 'Docker documentation, "Networking overview" (docker network connect, --network none)',
  remedy:
    'Attach it: docker network connect NETWORK CONTAINER; a container started with --network none must be recreated.',
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
          { remediation: `If it should have a network, recreate it without --network none.` },
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
          remediation: advice`Attach it to a network; docker network ls lists them.\n${verbatim`docker network connect NETWORK ${container}`}`,
        },
      ),
    ];
  },
};
