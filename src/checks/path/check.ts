/** `path`: where on the way a connection is lost, by who saw its packets. */
import type { Check } from '../../model/check.ts';
import type { PathInput } from './facts.ts';
import { judgePath } from './judge.ts';
import { planPath } from './plan.ts';
import { PATH_RULES } from './rules/index.ts';
import { pathTables } from './tables.ts';
import { pathWays } from './ways.ts';

const path: Check<PathInput> = {
  id: 'path',
  findings: PATH_RULES.map((rule) => rule.meta),
  plan: planPath,
  judge: judgePath,
  tables: pathTables,
  ways: pathWays,
};

export default path;
