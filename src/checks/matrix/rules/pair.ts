import type { FindingMeta } from '../../../model/finding.ts';
import { type Pattern, SHARE, seeBothEnds } from './shared.ts';

const meta: FindingMeta = {
  id: 'NT-MTX-004',
  title: 'Nothing passes between two places',
  severities: ['critical'],
  meaning:
    'Two pods, the pods of two nodes, or two zones do not reach each other, and each of them reaches others: what is wrong is on the way between just these two, as a route, a tunnel, or a rule that names both.',
  rule: `Nothing that was sent between them was answered, in both directions or in the one that was measured. ${SHARE}.`,
  source: 'ours',
  remedy: seeBothEnds,
};

export const pair: Pattern = {
  meta,
  tells: ({ kind, isOneWay }, symptom) =>
    symptom === 'dead' && (kind === 'between' || (kind === 'way' && isOneWay !== true)),
};
