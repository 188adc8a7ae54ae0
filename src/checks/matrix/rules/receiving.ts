import type { FindingMeta } from '../../../model/finding.ts';
import { type Pattern, SHARE, seeBothEnds } from './shared.ts';

const meta: FindingMeta = {
  id: 'NT-MTX-001',
  title: 'One place is not reached from anywhere',
  severities: ['critical'],
  meaning:
    'Connections to one pod, one node or one Service fail, wherever they come from, and those between others do not: what is wrong is where they end. Firewalls keep the answers of connections that a place opens itself, so it may reach others all the same.',
  rule: `Nothing that was sent to it was answered, from at least two sources. ${SHARE}.`,
  source: 'ours',
  remedy: seeBothEnds,
};

export const receiving: Pattern = {
  meta,
  tells: ({ kind }, symptom) => symptom === 'dead' && kind === 'to',
};
