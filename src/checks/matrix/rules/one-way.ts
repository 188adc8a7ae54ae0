import type { FindingMeta } from '../../../model/finding.ts';
import { type Pattern, SHARE, seeBothEnds } from './shared.ts';

const meta: FindingMeta = {
  id: 'NT-MTX-005',
  title: 'One direction only',
  severities: ['critical'],
  meaning:
    'What one place opens to another fails, and what the other one opens to it works. Packets pass both ways, as answers do: so it is a rule that looks at who begins, as of a stateful firewall or a NetworkPolicy.',
  rule: `Nothing that was sent in one direction was answered, and all that was sent in the other one was. ${SHARE}.`,
  source: 'ours',
  remedy: seeBothEnds,
};

export const oneWay: Pattern = {
  meta,
  tells: ({ kind, isOneWay }, symptom) => symptom === 'dead' && kind === 'way' && isOneWay === true,
};
