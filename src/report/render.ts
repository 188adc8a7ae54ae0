/** One report in the format that was asked for. */
import { dump } from 'js-yaml';
import type { FailOn, LateFormat, ReportFormat } from '../model/args.ts';
import type { MatrixReport } from '../model/matrix.ts';
import type { Report } from '../model/report.ts';
import type { ReportList } from '../model/report-list.ts';
import { hidden } from '../model/visible.ts';
import { renderJunit, renderJunitList, renderJunitMatrix } from './junit.ts';
import { renderListTable } from './list-table.ts';
import { renderMarkdown, renderMarkdownList, renderMarkdownMatrix } from './markdown.ts';
import { renderMatrixTable } from './matrix-table.ts';
import { renderTable, type TableOptions } from './table.ts';

/** The others have a bundle of their own (src/console/late-formats.ts). */
type Format = Exclude<ReportFormat, LateFormat>;

/** What the formats need besides the report. */
interface RenderOptions extends TableOptions {
  /** The findings from this severity on are failures, as they are for the exit code. */
  readonly failOn: FailOn;
}

/** Ends with a newline. */
export function render(report: Report, format: Format, options: RenderOptions): string {
  switch (format) {
    case 'json':
    case 'yaml':
      return renderDocument(report, format);
    case 'junit':
      return renderJunit(report, options.failOn);
    case 'markdown':
      return renderMarkdown(report);
    case 'table':
      return renderTable(report, options);
  }
}

/** The same for many reports. */
export function renderList(list: ReportList, format: Format, options: RenderOptions): string {
  switch (format) {
    case 'json':
    case 'yaml':
      return renderDocument(list, format);
    case 'junit':
      return renderJunitList(list, options.failOn);
    case 'markdown':
      return renderMarkdownList(list);
    case 'table':
      return renderListTable(list, options);
  }
}

/** The same for a matrix. */
export function renderMatrix(report: MatrixReport, format: Format, options: RenderOptions): string {
  switch (format) {
    case 'json':
    case 'yaml':
      return renderDocument(report, format);
    case 'junit':
      return renderJunitMatrix(report, options.failOn);
    case 'markdown':
      return renderMarkdownMatrix(report);
    case 'table':
      return renderMatrixTable(report, options);
  }
}

/** Any object for a machine to read; whatever it may not show is written as an escape. Ends with a newline. */
export function renderDocument(document: object, format: 'json' | 'yaml'): string {
  return format === 'json' ? `${escaped(JSON.stringify(document, null, 2))}\n` : renderYaml(document);
}

/** The same JSON for a terminal too: what JSON leaves as it is may drive one (C1) or hide text (Cf). */
function escaped(json: string): string {
  // JSON.stringify has escaped all control characters up to U+001F; the newlines here are its own.
  return json.replace(hidden(), (character) =>
    character === '\n'
      ? character
      : // Beyond the first plane JSON writes a character as two.
        character
          .split('')
          .map((unit) => codeUnit(unit))
          .join(''),
  );
}

function codeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** A character that YAML may not hold as it is, or that hides: not to be written in a plain scalar. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/**
 * Of YAML's styles the double-quoted one alone has escapes, and js-yaml chooses it only for what YAML cannot hold
 * otherwise. So a text with a hidden character is dumped as a word that stands for it, and put in as such a scalar.
 */
function renderYaml(document: object): string {
  const json = JSON.stringify(document);
  let mark = 'hidden';
  while (json.includes(mark)) mark += '-hidden';
  const texts: string[] = [];
  const stand = (text: string): string => {
    if (!UNSAFE.test(text.replace(/[\n\t]/g, ''))) return text;
    texts.push(text);
    return `${mark}.${texts.length - 1}.`;
  };
  const replaced = (value: unknown): unknown => {
    if (typeof value === 'string') return stand(value);
    if (Array.isArray(value)) return value.map(replaced);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [stand(key), replaced(one)]));
  };
  // What is the same object here is not so in a bundle that was read back: no references.
  const yaml = dump(replaced(document), { lineWidth: -1, noRefs: true });
  return yaml.replace(new RegExp(`${mark}\\.(\\d+)\\.`, 'g'), (_all, index) =>
    doubleQuoted(texts[Number(index)] ?? ''),
  );
}

/** A scalar of YAML 1.2 (7.3.1): JSON's string, but with one escape for a character beyond the first plane (5.7). */
function doubleQuoted(text: string): string {
  return JSON.stringify(text).replace(hidden(), (character) =>
    character.length === 1
      ? codeUnit(character)
      : `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`,
  );
}
