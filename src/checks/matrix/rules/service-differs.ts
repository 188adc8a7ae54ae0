import { advice, nettools } from '../../../model/advice.ts';
import type { FindingMeta } from '../../../model/finding.ts';
import { type Pattern, SHARE } from './shared.ts';

const meta: FindingMeta = {
  id: 'NT-MTX-011',
  title: 'A Service takes no connections from part of the sources',
  severities: ['critical'],
  meaning:
    'The address of a Service takes connections from some of the sources and not from others. Each node translates these addresses by its own rules (kube-proxy, or what stands in its place): on this node they are old, or missing.',
  rule: `A connection to the address of a Service was not established, in a source that reaches others, and it was in another one. ${SHARE}.`,
  remedy: advice`Compare the rules of the node with the endpoints that the API knows, and see whether kube-proxy there runs:
${nettools`service pod/SOURCE --to svc/NAME`}`,
  source: 'ours',
};

export const serviceDiffers: Pattern = {
  meta,
  tells: ({ kind }, symptom) =>
    kind === 'service' && (symptom === 'dead' || symptom === 'tcp' || symptom === 'udp'),
};
