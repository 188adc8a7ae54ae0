import { advice, nettools } from '../../../model/advice.ts';
import type { FindingMeta } from '../../../model/finding.ts';
import { type Pattern, SHARE } from './shared.ts';

const meta: FindingMeta = {
  id: 'NT-MTX-008',
  title: 'Large packets do not pass',
  severities: ['critical'],
  meaning:
    'Small packets are answered, and one as large as the source may send is not. Connections open and stall once they carry data.',
  rule: `An echo request of the size of the MTU of the way out, with fragmentation forbidden, is not answered, and a small one is. ${SHARE}.`,
  source: 'RFC 4821, 1: black hole',
  remedy: advice`Make the MTU of the pods as small as what carries their packets allows. What the size is, and where it is lost:
${nettools`mtu pod/SOURCE --to pod/DESTINATION`}`,
};

export const size: Pattern = {
  meta,
  tells: (_story, symptom) => symptom === 'full',
};
