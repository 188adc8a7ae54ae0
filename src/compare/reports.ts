/** Two reports of the same target, or of what has taken its place. Pure. */
import type { DiffLimits } from '../model/diff.ts';
import type { CheckResult, Report } from '../model/report.ts';
import { compareFindings } from './findings.ts';
import { compareMeasures } from './measures.ts';
import type { Gathered, MeasuresOf } from './sides.ts';

export function compareReports(
  where: string,
  before: Report,
  after: Report,
  measuresOf: MeasuresOf,
  limits: DiffLimits,
  into: Gathered,
): void {
  const later = new Map(after.checks.map((check) => [check.id, check]));
  for (const check of before.checks) {
    const other = later.get(check.id);
    if (other === undefined) into.notCompared.push({ where, text: `${check.id} was not run again` });
    else compareChecks(where, check, other, measuresOf, limits, into);
  }
  const old = new Set(before.checks.map(({ id }) => id));
  for (const { id } of after.checks)
    if (!old.has(id)) into.notCompared.push({ where, text: `${id} was not run before` });
}

function compareChecks(
  where: string,
  before: CheckResult,
  after: CheckResult,
  measuresOf: MeasuresOf,
  limits: DiffLimits,
  into: Gathered,
): void {
  const sides = [before, after].map((check) => ({ check, measures: measuresOf(check) })) as [Side, Side];
  compareFindings(where, ...sides, limits, into);
  const [one, other] = sides;
  if (isUnmeasured(before) && isUnmeasured(after)) {
    // What is left out on purpose, in both, is nobody's loss; what failed twice is still not known.
    if (before.status === 'error' || after.status === 'error')
      into.notCompared.push({ where, text: `${after.id} was measured in neither run: ${after.summary}` });
  } else if (isUnmeasured(after)) into.notCompared.push({ where, text: `${after.id}: ${after.summary}` });
  else if (isUnmeasured(before))
    into.notCompared.push({ where, text: `${after.id} was not measured before: ${before.summary}` });
  else into.compared.checks++;
  compareMeasures(where, one.measures, other.measures, limits, into);
}

function isUnmeasured({ status }: CheckResult): boolean {
  return status === 'error' || status === 'skip';
}

interface Side {
  readonly check: CheckResult;
  readonly measures: ReturnType<MeasuresOf>;
}
