/** The result of expectations in the format that was asked for. */

import type { NetworkTestReport } from '../model/network-test.ts';
import type { TestFormat } from '../model/test-args.ts';
import { renderDocument } from './render.ts';
import { renderTestJunit } from './test-junit.ts';
import { renderTestMarkdown } from './test-markdown.ts';
import { renderTestTable } from './test-table.ts';
import { renderTap } from './test-tap.ts';

/** Ends with a newline. */
export function renderTests(
  report: NetworkTestReport,
  format: Exclude<TestFormat, 'openmetrics'>,
  options: { readonly colour: boolean; readonly width: number },
): string {
  switch (format) {
    case 'json':
    case 'yaml':
      return renderDocument(report, format);
    case 'junit':
      return renderTestJunit(report);
    case 'tap':
      return renderTap(report);
    case 'markdown':
      return renderTestMarkdown(report);
    case 'table':
      return renderTestTable(report, options);
  }
}
