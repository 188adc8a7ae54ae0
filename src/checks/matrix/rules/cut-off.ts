import type { FindingMeta } from '../../../model/finding.ts';
import { type Pattern, SHARE, seeBothEnds } from './shared.ts';

const meta: FindingMeta = {
  id: 'NT-MTX-003',
  title: 'One place is cut off',
  severities: ['critical'],
  meaning:
    'One pod or one node reaches nothing and is reached by nothing. A loss in one direction alone, of every packet, looks the same: questions or answers are missing either way.',
  rule: `Both of NT-MTX-001 and NT-MTX-002 for one place. ${SHARE}.`,
  source: 'ours',
  remedy: seeBothEnds,
};

export const cutOff: Pattern = {
  meta,
  tells: ({ kind }, symptom) => symptom === 'dead' && kind === 'cut',
};
