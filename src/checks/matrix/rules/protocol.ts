import type { FindingMeta } from '../../../model/finding.ts';
import { type Pattern, SHARE, seeBothEnds } from './shared.ts';

const meta: FindingMeta = {
  id: 'NT-MTX-007',
  title: 'One protocol only',
  severities: ['critical', 'info'],
  meaning:
    'Of TCP, UDP and ICMP one does not pass where another does. So the way is there, and a rule on it looks at protocols or ports: a security group that allows TCP alone, a NetworkPolicy that names a port, a firewall that drops echo requests.',
  rule: `A protocol got no answer where another one did. A refusal is an answer, but for a port that others connect to. Echo requests alone are an info: many firewalls drop them on purpose. ${SHARE}.`,
  source: 'ours',
  remedy: seeBothEnds,
};

export const protocol: Pattern = {
  meta,
  tells: ({ kind }, symptom) =>
    kind !== 'service' && (symptom === 'icmp' || symptom === 'tcp' || symptom === 'udp'),
};
