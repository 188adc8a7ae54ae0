/** The words in which many reports are told. Pure; they may come from a hostile place and are not escaped here. */
import type { Finding, Report } from '../model/report.ts';
import type { FindingGroup, ReportList } from '../model/report-list.ts';
import { kindIn, nounOf } from './groups.ts';
import { targetTitle } from './target.ts';

/** "40 pods in shop": how many of what, and where if that is one place. */
export function listTitle({ items, failed }: Pick<ReportList, 'items' | 'failed'>): string {
  const targets = items.map(({ target }) => target);
  const all = [...targets, ...failed];
  // One that could not be opened may have been named without a namespace.
  const namespaces = new Set(all.flatMap(({ namespace }) => namespace ?? []));
  const [namespace] = namespaces;
  const noun = nounOf([...targets.map(({ kind }) => kind), ...failed.map(({ target }) => kindIn(target))]);
  const what = `${all.length} ${noun}${all.length === 1 ? '' : 's'}`;
  if (namespaces.size > 1 && noun === 'pod') return `${what} in ${namespaces.size} namespaces`;
  return namespaces.size === 1 && namespace !== undefined ? `${what} in ${namespace}` : what;
}

/** A finding's title, and what it is about. */
export function groupTitle({ title, subject, id }: FindingGroup): string {
  return `${title}${subject === undefined ? '' : ` (${subject})`} (${id})`;
}

/** The first that has the finding of a group, and what it says. */
interface Example {
  readonly target: string;
  readonly finding: Finding;
}

export function exampleOf(
  { id, subject, targets }: FindingGroup,
  items: readonly Report[],
): Example | undefined {
  for (const { target, checks } of items) {
    const title = targetTitle(target);
    if (!targets.includes(title)) continue;
    const finding = checks
      .flatMap(({ findings }) => findings)
      .find((one) => one.id === id && (subject === undefined || one.subject === subject));
    if (finding !== undefined) return { target: title, finding };
  }
  return undefined;
}

/** Where all of them are, and what the first of them says. */
export function exampleText({ where, targets }: FindingGroup, { target, finding }: Example): string {
  return `${where}.\n${targets.length === 1 ? '' : `For example ${target}: `}${finding.summary}`;
}

/** The IDs of what is wrong with a target, each once. */
export function findingIds({ checks }: Report): string[] {
  const bad = checks.flatMap(({ findings }) => findings.filter(({ severity }) => severity !== 'info'));
  return [...new Set(bad.map(({ id }) => id))];
}
