/** Two runs of one kind, and what differs between them. Pure. */
import type { Change, Diff, DiffLimits, DiffSide, DiffVerdict } from '../model/diff.ts';
import type { MatrixReport } from '../model/matrix.ts';
import type { Report, TargetInfo } from '../model/report.ts';
import type { ReportList } from '../model/report-list.ts';
import { holm } from '../statistics/holm.ts';
import { compareLists } from './lists.ts';
import { compareMatrices } from './matrices.ts';
import { compareReports } from './reports.ts';
import { type Gathered, type MeasuresOf, nothingYet } from './sides.ts';

/** What a run ended with, and how to call it. */
export interface Run {
  readonly side: DiffSide;
  readonly report: Report | ReportList | MatrixReport;
}

export interface CompareOptions {
  readonly limits: DiffLimits;
  readonly measuresOf: MeasuresOf;
  readonly titleOf: (target: TargetInfo) => string;
  readonly version: string;
}

/** @returns `undefined`: one is of another kind than the other */
export function compare(before: Run, after: Run, options: CompareOptions): Diff | undefined {
  const into = nothingYet();
  const { limits, measuresOf, titleOf, version } = options;
  const [one, other] = [before.report, after.report];
  if (one.kind === 'Report' && other.kind === 'Report') {
    if (one.target.kind !== other.target.kind) return undefined;
    compareReports(titleOf(other.target), one, other, measuresOf, limits, into);
  } else if (one.kind === 'ReportList' && other.kind === 'ReportList')
    compareLists(one, other, titleOf, measuresOf, limits, into);
  else if (one.kind === 'MatrixReport' && other.kind === 'MatrixReport')
    compareMatrices(one, other, limits, into);
  else return undefined;
  const { changes, times } = decided(into);
  return {
    apiVersion: 'nettools/v1',
    kind: 'Diff',
    tool: { version },
    before: before.side,
    after: after.side,
    verdict: verdictOf(changes, into),
    changes,
    noise: into.noise,
    notCompared: into.notCompared,
    compared: into.compared,
    times,
  };
}

/** All tests together: what is no chance though there are so many of them, and large enough to matter. */
function decided(into: Gathered): Pick<Diff, 'changes' | 'times'> {
  const corrected = holm(into.tested.map(({ p }) => p));
  const changes = [...into.changes];
  const times: Diff['times'][number][] = [];
  for (const [at, one] of into.tested.entries()) {
    const p = corrected[at] ?? 1;
    if (one.isLarge && p < one.level) {
      changes.push({ ...one.change, test: { name: one.name, p } });
      if (one.times !== undefined) times.push(one.times);
    } else if (one.isLarge)
      into.noise.push({
        where: one.change.where,
        text: `${one.change.summary} (${one.name}: p = ${p.toPrecision(2)})`,
      });
  }
  return { changes: changes.sort(byWeight), times };
}

const KINDS: readonly Change['kind'][] = ['new', 'worse', 'gone', 'better'];

function byWeight(a: Change, b: Change): number {
  return (
    Number(b.isRegression) - Number(a.isRegression) ||
    KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) ||
    // A cause before what follows from it.
    Number(a.causedBy !== undefined) - Number(b.causedBy !== undefined)
  );
}

/** What could not be compared is never the same. */
function verdictOf(changes: readonly Change[], { notCompared, compared }: Gathered): DiffVerdict {
  if (changes.some(({ isRegression }) => isRegression)) return 'worse';
  const count = compared.checks + compared.pairs;
  if (notCompared.length > 0 || count === 0) return 'unknown';
  const isBetter = changes.some(
    ({ kind, what, severity }) =>
      kind === 'better' || (kind === 'gone' && what === 'finding' && severity !== 'info'),
  );
  return isBetter ? 'better' : 'same';
}
