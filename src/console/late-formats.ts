/**
 * Formats that few ask for and that take more code than the others: a bundle of their own, so that no other command loads
 * them.
 */
import { createHash } from 'node:crypto';
import type { LateFormat } from '../model/args.ts';
import type { Diff } from '../model/diff.ts';
import type { NetworkTestReport } from '../model/network-test.ts';
import type { Watch } from '../model/watch.ts';
import { renderHtmlDiff } from '../report/html/diff.ts';
import { renderHtmlList } from '../report/html/list.ts';
import { renderHtmlMatrix } from '../report/html/matrix.ts';
import type { CheckViews } from '../report/html/report.ts';
import { renderHtml } from '../report/html/report.ts';
import { renderHtmlWatch } from '../report/html/watch.ts';
import type { MetricsFormat } from '../report/metrics/families.ts';
import { renderMetrics } from '../report/metrics/reports.ts';
import { renderTestMetrics } from '../report/metrics/tests.ts';
import { renderWatchMetrics } from '../report/metrics/watch.ts';
import type { AnyReport } from './print-report.ts';

/** Ends with a newline. */
export function lateText(report: AnyReport, format: LateFormat, views: CheckViews): string {
  return format === 'html'
    ? htmlText(report, views)
    : renderMetrics(report, { ...views, secondsOf, format: 'openmetrics' });
}

/** A watch, as it is by now. Ends with a newline. */
export function watchText(watch: Watch, format: 'html' | MetricsFormat): string {
  return format === 'html'
    ? renderHtmlWatch(watch, { sha256, secondsOf })
    : renderWatchMetrics(watch, { secondsOf, format });
}

/** Of expectations; for stdout, or for a Pushgateway. Ends with a newline. */
export function testMetrics(report: NetworkTestReport, format: MetricsFormat): string {
  return renderTestMetrics(report, { secondsOf, format });
}

/** For a Pushgateway, which knows no OpenMetrics. Ends with a newline. */
export function pushedText(report: AnyReport, views: CheckViews): string {
  return renderMetrics(report, { ...views, secondsOf, format: 'text' });
}

function htmlText(report: AnyReport, views: CheckViews): string {
  const options = { ...views, sha256 };
  switch (report.kind) {
    case 'Report':
      return renderHtml(report, options);
    case 'ReportList':
      return renderHtmlList(report, options);
    case 'MatrixReport':
      return renderHtmlMatrix(report, options);
  }
}

/** Ends with a newline. */
export function htmlDiffText(diff: Diff): string {
  return renderHtmlDiff(diff, { sha256 });
}

function secondsOf(time: string): number {
  return Date.parse(time) / 1000;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
