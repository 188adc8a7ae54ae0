/** A quote of sockets of which something is told. Pure. */
import type { ProbeResult } from '../../model/evidence.ts';
import type { Quote } from '../../model/report.ts';
import type { OddSocket } from '../../parsers/odd-sockets.ts';

/** More say no more. */
const MOST_LINES = 3;

export function quoteOdd(result: ProbeResult | undefined, sockets: readonly OddSocket[]): Quote[] {
  if (result === undefined) return [];
  const lines = sockets.slice(0, MOST_LINES).map(({ line }) => line);
  return [{ command: result.command, excerpt: lines.join('\n') }];
}
