/** Quotes of evidence, and numbers as people write them. Pure. */
import { adviceText, type Command } from '../../model/advice.ts';
import { lineWords } from '../../model/command-line.ts';
import type { ProbeResult } from '../../model/evidence.ts';
import type { Quote } from '../../model/report.ts';
import { type Route, routeText } from '../../parsers/ip-route.ts';
import type { Counters } from '../../parsers/proc-net.ts';

/** The lines of a result, to be quoted: what is to be judged goes through `read` (measured.ts). */
export function linesOf(result: ProbeResult | undefined): string[] {
  return result?.stdout.split('\n') ?? [];
}

/** A quote of a result's lines that match; a result that says nothing is quoted by how it ended. */
export function quote(result: ProbeResult | undefined, pattern: RegExp, maxLines = 3): Quote[] {
  if (!result) return [];
  const lines = [...linesOf(result), ...result.stderr.split('\n')].filter((line) => pattern.test(line));
  const excerpt = lines.slice(-maxLines).join('\n') || `${result.status}, exit code ${result.code}`;
  return [{ command: result.command, excerpt: excerpt.slice(0, 600) }];
}

/** The counters that decided, as they were before and after; `snapshots` are the results that they were read from. */
export function quoteCounters(
  snapshots: readonly ProbeResult[],
  before: Counters,
  after: Counters,
  names: readonly string[],
): Quote[] {
  const [first] = snapshots;
  if (!first) return [];
  const lines = names.map((name) => `${name.replace('.', ' ')} ${before[name]} before, ${after[name]} after`);
  return [{ command: first.command, excerpt: lines.join('\n') }];
}

/** Routes as ip prints them without -j; "no such route" says as much as a route. */
export function quoteRoutes(
  result: ProbeResult | undefined,
  routes: readonly Route[] | undefined,
  which: (route: Route) => boolean,
): Quote[] {
  if (!result || !routes) return [];
  const lines = routes.filter(which).map(routeText);
  return [{ command: result.command, excerpt: lines.slice(0, 6).join('\n') || 'no such route' }];
}

/** Milliseconds as people write them: `0.043 ms`, `12.3 ms`, `1.20 s`. */
export function formatMs(ms: number): string {
  // By what it is rounded to: 999.6 ms is a second.
  if (ms >= 999.5) return `${(ms / 1000).toFixed(2)} s`;
  if (ms >= 99.95) return `${ms.toFixed(0)} ms`;
  return ms >= 9.9995 ? `${ms.toFixed(1)} ms` : `${ms.toFixed(3)} ms`;
}

/** What the API says, quoted as the command that shows it. */
export function quoteApi(command: Command, excerpt: string): Quote {
  return { command: lineWords(adviceText([command])), excerpt };
}
