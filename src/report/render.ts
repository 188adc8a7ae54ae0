/** One report in the format that was asked for. */
import { dump } from 'js-yaml';
import type { OutputFormat } from '../model/args.ts';
import type { Report } from '../model/report.ts';
import { renderTable, type TableOptions } from './table.ts';

/** Ends with a newline. */
export function render(report: Report, format: OutputFormat, options: TableOptions): string {
  switch (format) {
    case 'json':
    case 'yaml':
      return renderDocument(report, format);
    case 'table':
      return renderTable(report, options);
  }
}

/** Any object for a machine to read. Ends with a newline. */
export function renderDocument(document: object, format: 'json' | 'yaml'): string {
  return format === 'json' ? `${JSON.stringify(document, null, 2)}\n` : dump(document, { lineWidth: -1 });
}
