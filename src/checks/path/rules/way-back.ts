import { advice, verbatim } from '../../../model/advice.ts';
import { LOST_PACKETS } from '../../shared/effects.ts';
import { silentNextHop } from '../known-causes.ts';
import { endOf, lossRule, outcomeOf, where } from '../story.ts';

const meta = {
  id: 'NT-PATH-006',
  title: 'The answer is lost on its way back',
  severities: ['critical'],
  meaning:
    'The destination answers, but the answer does not come back: the return path differs from the path there, or a filter lets only one of them through (asymmetric routes, rp_filter, a conntrack entry that is missing on the way back, a rule in INPUT of the source).',
  rule: 'The SYN-ACK or reset that acknowledges the probe is seen leaving the destination, and missed further on.',
  source: 'RFC 9293, section 3.10.7: an answer acknowledges the sequence number of its SYN plus one',
  remedy: advice`Compare both ways: ${verbatim`kubectl nettools routing`} with the destination as the TARGET and the source as DEST; look for rp_filter and for stateful rules at the place that is named. A node that the answers pass and the questions do not drops them as invalid: ${verbatim`kubectl nettools conntrack`} of that node says so while it happens (NT-CT-008).`,
  explains: { depth: 800, subject: LOST_PACKETS },
} as const;

export const wayBack = lossRule(
  meta,
  ({ last, missed }) => missed.packet === 'answer' && last?.packet === 'answer',
  (path, loss) => `${endOf(path)} answers, and the answer is lost ${where(loss)} (${outcomeOf(path)})`,
  (_path, loss) => silentNextHop(loss),
);
