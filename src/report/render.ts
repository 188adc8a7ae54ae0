/** One report in the format that was asked for. */
import { dump } from 'js-yaml';
import type { FailOn, ReportFormat } from '../model/args.ts';
import type { Report } from '../model/report.ts';
import { renderJunit } from './junit.ts';
import { renderMarkdown } from './markdown.ts';
import { renderTable, type TableOptions } from './table.ts';

/** What the formats need besides the report. */
interface RenderOptions extends TableOptions {
  /** The findings from this severity on are failures, as they are for the exit code. */
  readonly failOn: FailOn;
}

/** Ends with a newline. */
export function render(report: Report, format: ReportFormat, options: RenderOptions): string {
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

/** Any object for a machine to read. Ends with a newline. */
export function renderDocument(document: object, format: 'json' | 'yaml'): string {
  return format === 'json'
    ? `${escaped(JSON.stringify(document, null, 2))}\n`
    : // What is the same object here is not so in a bundle that was read back: no references.
      dump(document, { lineWidth: -1, noRefs: true });
}

/** The same JSON for a terminal too: what JSON leaves as it is may drive one (C1) or hide text (Cf). */
function escaped(json: string): string {
  return json.replace(/[\u007f-\u009f\p{Cf}]/gu, (character) =>
    // Beyond the first plane JSON writes a character as two.
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}
