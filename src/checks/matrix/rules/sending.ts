import type { FindingMeta } from '../../../model/finding.ts';
import { type Pattern, SHARE, seeBothEnds } from './shared.ts';

const meta: FindingMeta = {
  id: 'NT-MTX-002',
  title: 'One place reaches nothing',
  severities: ['critical'],
  meaning:
    'Whatever one pod or the pods of one node open fails, wherever it goes, and what others open does not: what is wrong is where it begins.',
  rule: `Nothing that it sent was answered, by at least two destinations. ${SHARE}.`,
  source: 'ours',
  remedy: seeBothEnds,
};

export const sending: Pattern = {
  meta,
  tells: ({ kind }, symptom) => symptom === 'dead' && kind === 'from',
};
