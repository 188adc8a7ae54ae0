import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerFacts } from '../facts.ts';
import { quoteNetwork } from '../quote.ts';

const meta = {
  id: 'NT-DKR-002',
  title: "All of the container's networks are internal",
  severities: ['warning'],
  meaning:
    'Every network of the container was created with --internal: Docker gives it no default route and drops what would leave, so the container reaches only others on the same network. Outside names may still resolve, because the engine itself looks them up.',
  rule: 'The container has networks, and each of them is marked internal (docker network inspect).',
  source: 'Docker documentation, docker network create --internal',
  remedy:
    'If the container should reach more, attach it to a network that is not internal: docker network connect.',
  explains: { depth: 120, target: ['NT-RT-001'] },
} as const;

export const internalNetwork: Rule<DockerFacts> = {
  meta,
  judge: ({ input: { networks, container } }) => {
    if (networks.length === 0 || !networks.every(({ internal }) => internal)) return [];
    const names = networks.map(({ name }) => name).join(', ');
    return [
      occurrence(
        meta,
        'warning',
        `${networks.length === 1 ? `Network ${names} is` : `The networks ${names} are`} internal, so container "${container}" has no way out of ${networks.length === 1 ? 'it' : 'them'}.`,
        networks.map((network) => quoteNetwork(network, '"Internal": true')),
      ),
    ];
  },
};
