import { advice, nettools } from '../../../model/advice.ts';
import type { FindingMeta } from '../../../model/finding.ts';
import { type Pattern, SHARE } from './shared.ts';

const meta: FindingMeta = {
  id: 'NT-MTX-010',
  title: 'Sources get no answer from their name server',
  severities: ['critical'],
  meaning:
    'Some of the sources get no answer from their name server. Where others do, and these are the pods of one node, what is wrong is that node’s own way to the name servers: its translation of the address of their Service, or its way to the pods behind it.',
  rule: `A question to the first name server of /etc/resolv.conf was not answered in three tries, in a source that reaches others. ${SHARE}.`,
  remedy: advice`Look at it from one of the sources:
${nettools`dns pod/SOURCE`}`,
  source: 'ours',
};

export const dnsDiffers: Pattern = {
  meta,
  tells: (_story, symptom) => symptom === 'dns',
};
