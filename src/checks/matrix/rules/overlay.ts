import { advice, nettools } from '../../../model/advice.ts';
import type { FindingMeta } from '../../../model/finding.ts';
import { type Pattern, SHARE } from './shared.ts';

const meta: FindingMeta = {
  id: 'NT-MTX-006',
  title: 'Nothing passes between nodes, and within them it does',
  severities: ['critical'],
  meaning:
    'Pods reach those on their own node and none on another one. Where the nodes themselves reach each other, it is what carries packets of pods between nodes: the tunnel of the network plugin (VXLAN, Geneve, WireGuard, IP in IP), or routes to the ranges of pods.',
  rule: `Pairs of pods on two nodes fail, and pairs on one node, or pairs of nodes, do not. ${SHARE}.`,
  remedy: advice`See whether the nodes let through what carries packets of pods (VXLAN: UDP 4789 or 8472; Geneve: UDP 6081; WireGuard: UDP 51820; IP in IP: protocol 4), and whether each node has routes to the ranges of the others:
${nettools`routing --all-nodes`}`,
  source: 'ours',
};

export const overlay: Pattern = {
  meta,
  tells: ({ kind }, symptom) => symptom === 'dead' && kind === 'nodes',
};
