/** A matrix for people: the pattern first, then a map with a sign for each pair, readable without colours. */
import type { MatrixReport } from '../model/matrix.ts';
import { areSame, gapsOf, pairsText, SIGNS, type Sign, Signs, timesText } from './matrix-cells.ts';
import { type Line, linesOf, type OwnColumn, ownColumns, signOf } from './matrix-lines.ts';
import { hanging, paintedVerdict, renderFinding, type TableOptions } from './table.ts';
import { type Palette, palette, visible } from './text.ts';

/** More places are told by their nodes. */
const MOST_PLACES = 60;
/** Of the columns of what the sources have themselves. */
const OWN_WIDTH = 4;

type Options = Pick<TableOptions, 'colour' | 'width'>;

/** Ends with a newline. */
export function renderMatrixTable(report: MatrixReport, { colour, width }: Options): string {
  const paint = palette(colour);
  const { findings } = report;
  const blocks = [
    visible(pairsText(report)),
    lead(report, paint, width),
    ...mapBlocks(report, paint, width),
    ...findings.map((finding) => renderFinding(finding, paint, width)),
    gapLines(report, paint, width),
    verdictLine(report, paint),
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

function lead({ findings, verdict, cells }: MatrixReport, paint: Palette, width: number): string {
  const [first] = findings;
  if (first !== undefined && first.severity !== 'info') {
    const label = { width: 'pattern:'.length, painted: paint.bold('pattern:') };
    return hanging(label, visible(`${first.title}. ${first.summary}`), width, ' ');
  }
  if (cells.length === 0) return paint.yellow('Nothing could be measured.');
  return verdict === 'pass'
    ? paint.green('Every pair is reached by all probes.')
    : paint.yellow('Nothing is wrong in what could be measured.');
}

function mapBlocks(report: MatrixReport, paint: Palette, width: number): string[] {
  const { sources, destinations } = report;
  if (report.cells.length === 0) return [];
  const isFolded = Math.max(sources.length, destinations.length) > MOST_PLACES;
  const rows = linesOf(sources, isFolded);
  const columns = linesOf(destinations, isFolded);
  const isSquare = areSame(sources, destinations);
  const signs = new Signs(report);
  const own = ownColumns(report, rows);
  const heads = width - rowHeadWidth(rows) - own.length * OWN_WIDTH;
  const digits = String(columns.length).length;
  const atOnce = Math.max(5, Math.floor(heads / (digits + 1)));
  const blocks: string[] = [];
  for (let from = 0; from < columns.length; from += atOnce) {
    const part = columns.slice(from, from + atOnce);
    blocks.push(block({ rows, part, from, digits, own: from === 0 ? own : [], signs, paint }));
  }
  return [
    ...blocks,
    ...(isSquare ? [] : [columnNames(columns, digits)]),
    [legend(signs, isFolded, own.length > 0), visible(timesText(report))]
      .filter((text) => text !== '')
      .join('\n'),
  ];
}

interface Block {
  readonly rows: readonly Line[];
  readonly part: readonly Line[];
  readonly from: number;
  readonly digits: number;
  readonly own: readonly OwnColumn[];
  readonly signs: Signs;
  readonly paint: Palette;
}

function block({ rows, part, from, digits, own, signs, paint }: Block): string {
  const head = part.map((_line, i) => String(from + i + 1).padStart(digits + 1)).join('');
  const owned = own.map(({ name }) => name.padStart(OWN_WIDTH)).join('');
  const lines = rows.map((row, at) => {
    const cells = part.map((column) => signOf(signs, row.members, column.members));
    const painted = cells.map((sign) => `${' '.repeat(digits)}${paintSign(sign, paint)}`).join('');
    const extra = own
      .map(({ signs: all }) => `${' '.repeat(OWN_WIDTH - 1)}${paintSign(all[at], paint)}`)
      .join('');
    const isFirst = rows[at - 1]?.head !== row.head;
    return `${rowHead(rows, at, isFirst)}${painted}${extra}`.trimEnd();
  });
  return [paint.bold(`${' '.repeat(rowHeadWidth(rows))}${head}${owned}`), ...lines].join('\n');
}

function rowHeadWidth(rows: readonly Line[]): number {
  const longest = (of: (line: Line) => string): number =>
    rows.reduce((most, line) => Math.max(most, visible(of(line)).length), 0);
  return longest(({ head }) => head) + 1 + String(rows.length).length + 1 + longest(({ name }) => name);
}

function rowHead(rows: readonly Line[], at: number, isFirst: boolean): string {
  const heads = rows.reduce((most, { head }) => Math.max(most, visible(head).length), 0);
  const names = rows.reduce((most, { name }) => Math.max(most, visible(name).length), 0);
  const row = rows[at] as Line;
  const head = (isFirst ? visible(row.head) : '').padEnd(heads);
  return `${head} ${String(at + 1).padStart(String(rows.length).length)} ${visible(row.name).padEnd(names)}`;
}

function paintSign(sign: Sign | undefined, paint: Palette): string {
  switch (sign) {
    case undefined:
      return ' ';
    case '·':
      return paint.green(sign);
    case 'I':
    case '~':
    case '?':
      return paint.yellow(sign);
    default:
      return paint.red(sign);
  }
}

function columnNames(columns: readonly Line[], digits: number): string {
  return columns
    .map(
      ({ name, head }, at) =>
        `${String(at + 1).padStart(digits)} ${visible(head === '' ? name : `${name} on ${head}`)}`,
    )
    .join('\n');
}

function legend(signs: Signs, isFolded: boolean, hasOwn: boolean): string {
  const used = signs.used().map((sign) => `${sign} ${SIGNS[sign]}`);
  const own = hasOwn
    ? '; DNS: its name server answers; API: the Service kubernetes takes its connection'
    : '';
  return `${used.join(', ')}${own}${isFolded ? '; each line is a node with its number of places, each sign the worst of them' : ''}`;
}

function gapLines(report: MatrixReport, paint: Palette, width: number): string {
  const label = { width: 'not measured:'.length, painted: paint.yellow('not measured:') };
  return gapsOf(report)
    .map((text) => hanging(label, visible(text), width, ' '))
    .join('\n');
}

function verdictLine({ findings, verdict, durationMs }: MatrixReport, paint: Palette): string {
  const counts = (['critical', 'warning', 'info'] as const)
    .map((severity) => ({ severity, n: findings.filter((one) => one.severity === severity).length }))
    .filter(({ n }) => n > 0)
    .map(({ severity, n }) => `${n} ${severity}`)
    .join(', ');
  return `verdict: ${paintedVerdict(verdict, paint)}${counts === '' ? '' : ` (${counts})`}, ${(durationMs / 1000).toFixed(1)} s`;
}
