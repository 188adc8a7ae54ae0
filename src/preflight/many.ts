/** What may be done to many targets: what is the same of several is told once. Pure. */
import { withoutName } from '../model/sentence.ts';
import type { PreflightItem, PreflightReport } from './report.ts';

/** The answers about one target. */
export interface TargetPreflight {
  /** As it is typed. */
  readonly target: string;
  readonly report: PreflightReport;
}

/** One answer, and those of which it is true. */
export interface PreflightGroup extends PreflightItem {
  readonly targets: readonly string[];
  /** Others have the same answer in words of their own, which are left out. */
  readonly differs: boolean;
}

/** So many different words for one answer are told; more would be one for each target. */
const FEW = 3;

/** In the order in which the targets have been asked. */
export function groupItems(all: readonly TargetPreflight[]): PreflightGroup[] {
  const checks = new Map<string, Map<string, { readonly item: PreflightItem; readonly targets: string[] }>>();
  for (const { target, report } of all) {
    for (const item of report.items) {
      const check = JSON.stringify([item.check, item.ok]);
      const details = checks.get(check) ?? new Map();
      checks.set(check, details);
      const key = nameless(item.detail, report);
      const group = details.get(key) ?? { item, targets: [] };
      details.set(key, group);
      group.targets.push(target);
    }
  }
  return [...checks.values()].flatMap((details): PreflightGroup[] => {
    const groups = [...details.values()];
    const [first] = groups;
    if (first === undefined || groups.length <= FEW) {
      return groups.map(({ item, targets }) => ({ ...item, targets, differs: false }));
    }
    return [{ ...first.item, targets: groups.flatMap(({ targets }) => targets), differs: true }];
  });
}

/** The same of two targets differs by their own names. */
function nameless(detail: string, { pod, node, docker }: PreflightReport): string {
  const names = [pod, node, docker].filter((name): name is string => name !== undefined && name !== '');
  return names.reduce(withoutName, detail);
}

/** "4 of 6: pod/a, pod/b, pod/c and 1 more"; empty where it is true of all. */
export function whereText({ targets }: Pick<PreflightGroup, 'targets'>, of: number): string {
  if (targets.length === of) return '';
  const names = targets.slice(0, FEW).join(', ');
  const more = targets.length - FEW;
  return `${targets.length} of ${of}: ${names}${more > 0 ? ` and ${more} more` : ''}`;
}

/** What sessions would use: "netadmin at 4, restricted at 1". */
export function profilesText(all: readonly TargetPreflight[]): string {
  const counts = new Map<string, number>();
  for (const { report } of all) {
    if (report.profile !== undefined) counts.set(report.profile, (counts.get(report.profile) ?? 0) + 1);
  }
  return [...counts].map(([profile, count]) => `profile ${profile} at ${count}`).join(', ');
}
