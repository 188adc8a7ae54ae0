import type { FindingMeta } from '../../../model/finding.ts';
import { type Pattern, seeBothEnds } from './shared.ts';

const meta: FindingMeta = {
  id: 'NT-MTX-013',
  title: 'Pairs fail, and no place stands out',
  severities: ['critical'],
  meaning:
    'Either nothing gets through at all, or what fails is spread over so many places that none of them, and no node or zone, explains it.',
  rule: 'All pairs fail, or more than three of them, or more than six ways from one place to another, that no other pattern explains.',
  source: 'ours',
  remedy: seeBothEnds,
};

export const noPattern: Pattern = {
  meta,
  tells: ({ kind }, symptom) => symptom === 'dead' && (kind === 'all' || kind === 'scattered'),
};
