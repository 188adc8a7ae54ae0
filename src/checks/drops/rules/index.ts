import { DROP_KINDS } from '../../shared/drops/kinds/index.ts';
import { other } from '../../shared/drops/kinds/other.ts';
import { type DropRule, dropRule, otherRule } from '../drop-rule.ts';

export const DROP_RULES: readonly DropRule[] = DROP_KINDS.map((kind) =>
  kind === other ? otherRule(kind) : dropRule(kind),
);
