/** Many reports for people: what most have in common first, then the targets that it is about. */
import { byLead } from '../model/lead.ts';
import type { Finding, Report } from '../model/report.ts';
import type { FindingGroup, ReportList } from '../model/report-list.ts';
import { causeOf, groupFailures } from './groups.ts';
import { exampleOf, exampleText, findingIds, listTitle } from './list-words.ts';
import { followsLabel, hanging, paintedVerdict, renderFinding, type TableOptions } from './table.ts';
import { plainTable } from './tables.ts';
import { targetWord } from './target.ts';
import { type Palette, palette, visible } from './text.ts';

/** More rows push what leads out of sight; JSON has them all. */
const MOST_ROWS = 25;

type Options = Pick<TableOptions, 'colour' | 'width'>;

/** Ends with a newline. */
export function renderListTable(list: ReportList, { colour, width }: Options): string {
  const paint = palette(colour);
  const blocks = [
    visible(listTitle(list)),
    lead(list, paint, width),
    ...list.groups
      .filter((group) => causeOf(group, list.groups) === undefined)
      .map((group) => groupBlock(group, list, paint, width)),
    targetRows(list, paint),
    ...failureLines(list, paint, width),
    verdictLine(list, paint),
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

function lead({ groups, items, failed }: ReportList, paint: Palette, width: number): string {
  const [root] = groups;
  if (root !== undefined) {
    const { title, subject, where } = root;
    const text = `${title}${subject === undefined ? '' : ` (${subject})`}: ${where}.`;
    return hanging({ width: 'cause:'.length, painted: paint.bold('cause:') }, visible(text), width, ' ');
  }
  if (items.length === 0) return paint.yellow('Nothing could be measured.');
  const isPartial = failed.length > 0 || items.some(({ verdict }) => verdict === 'unknown');
  return isPartial
    ? paint.yellow('Nothing is wrong in what could be measured.')
    : paint.green('No problems found by these checks.');
}

/** A root with its proof in one target, and what follows from it. */
function groupBlock(group: FindingGroup, list: ReportList, paint: Palette, width: number): string {
  const example = exampleOf(group, list.items);
  if (example === undefined) return '';
  const { severity, title } = group;
  const shown = { ...example.finding, severity, title, summary: exampleText(group, example) };
  return [
    renderFinding(shown, paint, width),
    ...followers(group, list.groups, paint, width, '  ', new Set([group])),
  ].join('\n');
}

function followers(
  cause: FindingGroup,
  groups: readonly FindingGroup[],
  paint: Palette,
  width: number,
  indent: string,
  shown: Set<FindingGroup>,
): string[] {
  return groups
    .filter((group) => causeOf(group, groups) === cause && !shown.has(group))
    .flatMap((group) => {
      shown.add(group);
      const text = visible(`${group.title}: ${group.where}.`);
      return [
        hanging(followsLabel(group, paint, indent), text, width, '  ', `${indent}  `),
        ...followers(group, groups, paint, width, `${indent}  `, shown),
      ];
    });
}

/** Of a single check each target's measurement is worth a line; of a diagnosis, what is wrong. */
function targetRows({ items }: ReportList, paint: Palette): string {
  const isSingle = items.every(({ checks }) => checks.length === 1);
  const told = isSingle ? items : items.filter(({ verdict }) => verdict !== 'pass');
  const several = new Set(items.map(({ target }) => target.namespace)).size > 1;
  const rows = told.slice(0, isSingle ? undefined : MOST_ROWS).map((report) => {
    const { target, checks, verdict } = report;
    const name = several && target.namespace ? `${target.namespace}/${target.name}` : targetWord(target);
    const said = isSingle ? (checks[0]?.summary ?? '') : findingsText(report);
    return [visible(name), visible(target.node ?? ''), verdict, visible(said)];
  });
  const rest = [
    told.length > rows.length ? `${told.length - rows.length} more have findings; -o json has all` : '',
    told.length < items.length
      ? `${told.length === 0 ? 'all' : 'the other'} ${items.length - told.length} pass`
      : '',
  ].filter((text) => text !== '');
  const end = rest.length === 0 ? [] : [paint.dim(`… ${rest.join('; ')}.`)];
  if (rows.length === 0) return '';
  const head = ['TARGET', 'NODE', 'VERDICT', isSingle ? 'SUMMARY' : 'FINDINGS'];
  const [first = '', ...lines] = plainTable(head, rows).split('\n');
  return [paint.bold(first), ...lines, ...end].join('\n');
}

function findingsText(report: Report): string {
  const unmeasured = report.checks.filter(({ status }) => status === 'error').map(({ id }) => id);
  return [
    ...findingIds(report),
    ...(unmeasured.length === 0 ? [] : [`${unmeasured.join(', ')} could not be measured`]),
  ].join(', ');
}

function failureLines({ items, failed }: ReportList, paint: Palette, width: number): string[] {
  const groups = groupFailures(items, failed);
  if (groups.length === 0) return [];
  const label = { width: 'not measured:'.length, painted: paint.yellow('not measured:') };
  return [
    groups.map(({ where, reason }) => hanging(label, visible(`${where}: ${reason}`), width, ' ')).join('\n'),
  ];
}

function verdictLine(list: ReportList, paint: Palette): string {
  const { items, failed, verdict, durationMs } = list;
  const count = (one: Report['verdict']): number => items.filter((report) => report.verdict === one).length;
  const counts = [
    ...(['fail', 'warn', 'pass', 'unknown'] as const).map((one) => ({ word: one as string, n: count(one) })),
    { word: 'not measured', n: failed.length },
  ]
    .filter(({ n }) => n > 0)
    .map(({ word, n }) => `${n} ${word}`)
    .join(', ');
  return `verdict: ${paintedVerdict(verdict, paint)} (${counts}), ${(durationMs / 1000).toFixed(1)} s`;
}

/** What is said of a target when it ends, in one line. */
export function targetLine(report: Report): string {
  const { target, verdict } = report;
  const roots = report.checks.flatMap(({ findings }) => findings).filter(isRoot);
  const [worst] = roots.sort(byLead);
  const mark = { fail: '×', warn: '‼', unknown: '?', pass: '√' }[verdict];
  const place = target.node ? ` on ${target.node}` : '';
  return `${mark} ${targetWord(target)}${place}: ${worst === undefined ? verdict : `${worst.id} ${worst.title}`}`;
}

function isRoot({ severity, causedBy }: Finding): boolean {
  return severity !== 'info' && causedBy === undefined;
}
