/** Two lists of reports: which targets there still are, and what became of them. Pure. */
import type { DiffLimits } from '../model/diff.ts';
import type { Report, TargetInfo } from '../model/report.ts';
import type { ReportList } from '../model/report-list.ts';
import { compareReports } from './reports.ts';
import type { Gathered, MeasuresOf } from './sides.ts';

/** @param titleOf what a target is called */
export function compareLists(
  before: ReportList,
  after: ReportList,
  titleOf: (target: TargetInfo) => string,
  measuresOf: MeasuresOf,
  limits: DiffLimits,
  into: Gathered,
): void {
  const { pairs, gone, added } = matched(before.items, after.items, titleOf);
  for (const [one, other] of pairs) {
    const [was, now] = [titleOf(one.target), titleOf(other.target)];
    compareReports(
      was === now ? now : `${now} (was ${one.target.name})`,
      one,
      other,
      measuresOf,
      limits,
      into,
    );
  }
  for (const { target } of gone) {
    const title = titleOf(target);
    const failed = after.failed.find((one) => one.target === `${target.kind}/${target.name}`);
    if (failed !== undefined) into.notCompared.push({ where: title, text: `${failed.reason}` });
    // Fewer pods are a choice, and no fault of the network.
    else
      into.changes.push({
        kind: 'gone',
        what: 'target',
        isRegression: false,
        where: title,
        summary: `${title} is gone.`,
      });
  }
  for (const { target, checks } of added) {
    const title = titleOf(target);
    into.changes.push({
      kind: 'new',
      what: 'target',
      isRegression: false,
      where: title,
      summary: `${title} is new.`,
    });
    for (const { id, findings } of checks)
      for (const one of findings.filter(({ severity }) => severity !== 'info'))
        into.notCompared.push({
          where: title,
          text: `${one.id} of ${id}: there is nothing before to compare it with`,
        });
  }
}

interface Matched {
  readonly pairs: (readonly [Report, Report])[];
  readonly gone: Report[];
  readonly added: Report[];
}

/** The same name first; then, in order, what has the same owner: a rollout gives each pod another name. */
function matched(
  before: readonly Report[],
  after: readonly Report[],
  titleOf: (target: TargetInfo) => string,
): Matched {
  const left = new Map(after.map((report) => [titleOf(report.target), report]));
  const pairs: (readonly [Report, Report])[] = [];
  let gone: Report[] = [];
  for (const one of before) {
    const title = titleOf(one.target);
    const other = left.get(title);
    if (other === undefined) gone.push(one);
    else pairs.push([one, other]);
    left.delete(title);
  }
  gone = gone.filter((one) => {
    const heir = [...left].find(([, { target }]) => isOfSame(one.target, target));
    if (heir === undefined) return true;
    pairs.push([one, heir[1]]);
    left.delete(heir[0]);
    return false;
  });
  return { pairs, gone, added: [...left.values()] };
}

function isOfSame(one: TargetInfo, other: TargetInfo): boolean {
  return one.owner !== undefined && one.owner === other.owner && one.namespace === other.namespace;
}
