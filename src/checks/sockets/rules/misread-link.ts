import { meta } from '../../shared/metas/misread-link.ts';
import { misreadLink as occurrenceOf } from '../../shared/misread-link.ts';
import type { Rule } from '../../shared/rule.ts';
import type { SocketsFacts } from '../facts.ts';

export const misreadLink: Rule<SocketsFacts> = {
  meta,
  judge: ({ input: { misread = [] } }) =>
    misread.map(({ label, ...link }) => occurrenceOf(link, label, `: nothing of it listens`)),
};
