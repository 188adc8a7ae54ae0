/** A watch as stdout is to have it, and its exit code. */
import type { FailOn, ReportFormat } from '../model/args.ts';
import { atLeast } from '../model/report.ts';
import type { Watch } from '../model/watch.ts';
import type { MetricsFormat } from '../report/metrics/families.ts';
import { renderDocument } from '../report/render.ts';
import { renderWatchJunit } from '../report/watch-junit.ts';
import { renderWatchMarkdown } from '../report/watch-markdown.ts';
import { renderWatch } from '../report/watch-table.ts';

/** Ends with a newline. */
export async function textOfWatch(watch: Watch, output: ReportFormat, failOn: FailOn): Promise<string> {
  switch (output) {
    case 'html':
    case 'openmetrics':
      return lateTextOfWatch(watch, output);
    case 'json':
    case 'yaml':
      return renderDocument(watch, output);
    case 'junit':
      return renderWatchJunit(watch, failOn);
    case 'markdown':
      return renderWatchMarkdown(watch);
    case 'table': {
      const { stdout, env } = process;
      return renderWatch(watch, {
        colour: stdout.isTTY === true && !env['NO_COLOR'],
        width: stdout.columns ?? 100,
      });
    }
  }
}

/** The formats whose code is loaded when they are asked for. Ends with a newline. */
export async function lateTextOfWatch(watch: Watch, format: 'html' | MetricsFormat): Promise<string> {
  return (await import('./late-formats.ts')).watchText(watch, format);
}

/** 1 for an outage with a finding at or above the threshold, or without one; 3: not measured; else 0. */
export function exitCodeOfWatch(watch: Watch, failOn: FailOn): number {
  const { outages, ended, destinations, verdict } = watch;
  const slow = destinations.flatMap(({ slowNames = [] }) => slowNames);
  const isBad =
    outages.some(({ findings }) => findings.length === 0) ||
    [...outages, ...slow].some(({ findings }) => findings.some(({ severity }) => atLeast(severity, failOn)));
  if (isBad) return 1;
  const isWhole = ended !== 'lost' && verdict !== 'unknown' && destinations.every(({ sent }) => sent > 0);
  return isWhole ? 0 : 3;
}
