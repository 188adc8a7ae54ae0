import type { FindingMeta } from '../../../model/finding.ts';
import { type Pattern, SHARE, seeBothEnds } from './shared.ts';

const meta: FindingMeta = {
  id: 'NT-MTX-009',
  title: 'One family of addresses only',
  severities: ['critical'],
  meaning:
    'Of IPv4 and IPv6 one gets no answer where the other one does. Programs that try it first wait before they take the other one, and some never do.',
  rule: `Both ends have addresses of both families, and nothing is answered by one of them. ${SHARE}.`,
  source: 'ours',
  remedy: seeBothEnds,
};

export const family: Pattern = {
  meta,
  tells: (_story, symptom) => symptom === 'family',
};
