import { meta } from '../../shared/metas/narrow-way-back.ts';
import type { Rule } from '../../shared/rule.ts';
import { narrowWayBack } from '../../shared/small-segments.ts';
import type { LatencyFacts } from '../facts.ts';

export const narrowAnswers: Rule<LatencyFacts> = {
  meta,
  judge: ({ paths }) =>
    paths.flatMap(({ destination, small }) => narrowWayBack(destination, 'its answer', small)),
};
