import { advice, kubectl } from '../../../model/advice.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { ArpFacts } from '../facts.ts';

const meta = {
  id: 'NT-ARP-007',
  title: 'Two pods have the same address',
  severities: ['critical'],
  meaning:
    'The API has one address for two pods that run. Which of them a connection reaches depends on where it is sent from: on the node of each it is that one, and from others the one whose node has the route. Addresses are given twice where two nodes have the same pod range, or where the state of the address management of a node was lost or restored.',
  rule: "A DEST is a pod, and the API has two pods or more with its address that run, are not about to go and have no network of their node's.",
  source: 'Kubernetes: the cluster network model (every pod has an address of its own)',
  remedy: advice`Delete one of the two pods, so that it gets another address. Then see how both came to it: the ranges of the nodes (${kubectl`get nodes -o custom-columns=NAME:.metadata.name,RANGE:.spec.podCIDR`}), which must not overlap, and the state of the network plugin's address management on the nodes of both.`,
  explains: { depth: 405, subject: [...ALL_TRAFFIC, 'NT-ARP-002', 'NT-ARP-004', 'NT-SOCK-001'] },
} as const;

export const sharedAddress: Rule<ArpFacts> = {
  meta,
  judge: ({ shared }) =>
    shared.map(({ address, pods, subject }) =>
      occurrence(
        meta,
        'critical',
        `${address} is the address of ${pods.length} pods: ${pods.map(({ name, node }) => `${name} on ${node}`).join(', ')}.`,
        [
          quoteApi(
            kubectl`get pods -A -o wide --field-selector status.podIP=${address}`,
            pods.map(({ name, node }) => `${name} ${address} ${node}`).join('\n'),
          ),
        ],
        { subject },
      ),
    ),
};
