import { advice, nettools } from '../../../model/advice.ts';
import type { FindingMeta } from '../../../model/finding.ts';
import type { Pattern } from './shared.ts';

const meta: FindingMeta = {
  id: 'NT-MTX-012',
  title: 'Worse than between others',
  severities: ['critical', 'warning'],
  meaning:
    'Packets get through, but a share of them is lost, or their answers take far longer than those between other places of the same distance.',
  rule: 'Loss: at least 5 % of at least 50 echo requests (critical), or 3 of the 10 of one pair (warning). Delay: the fastest of 10 answers takes more than three times as long as the median of pairs of the same distance (same node, same zone, other), and 5 ms more (warning).',
  remedy: advice`Measure one of the pairs by itself, with more probes:
${nettools`latency pod/SOURCE --to pod/DESTINATION`}`,
  source: 'ours',
};

export const worse: Pattern = {
  meta,
  tells: (_story, symptom) => symptom === 'lossy' || symptom === 'slow',
};
