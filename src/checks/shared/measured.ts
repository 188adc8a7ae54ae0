/** What ways of measuring gave, or why they gave nothing: read alike by all checks that use them. Pure. */

import type { ProbeResult } from '../../model/evidence.ts';
import type { Reason } from '../../model/reason.ts';
import { type PingSeries, parsePing } from '../../parsers/ping.ts';
import { type Privileges, parsePrivileges } from '../../parsers/proc-status.ts';
import { type ConnectSeries, parseConnects } from '../../parsers/tcp-connect.ts';
import { because, isReason, noRight, noTool } from './reason.ts';

/**
 * What a way of measuring gave: all of it (`value`), or the reason why not (`skipped`). Of output that was cut, `part`
 * is what came before the cut: what is in it was there, and what is not in it may have been there all the same. So it
 * may prove that something is there, and never that something is missing.
 */
export type Measured<T> =
  | { readonly value: T; readonly skipped?: undefined; readonly part?: undefined }
  | { readonly value?: undefined; readonly skipped: Reason; readonly part?: T };

/** The reason where a placeholder stands for nothing on the target: no gateway, no name server. */
export const NO_SUCH_PLACE: Reason = because('the target has none', 'no-place');

/** The reason where a command was not planned. */
export const NOT_RUN = because('it was not part of the run');

/** Why a command gave nothing that applies to every command alike; `undefined` when it ran. */
export function notRun(result: ProbeResult | undefined, tool: string): Reason | undefined {
  if (!result) return NOT_RUN;
  if (result.status === 'missing') return noTool(tool);
  if (result.status === 'unknown-placeholder') return NO_SUCH_PLACE;
  const cut = cutReason(result);
  return cut === undefined ? undefined : because(cut);
}

/** The exit code of a tool that the runner's limit for a file ended (SIGXFSZ), and of one whose result was lost. */
const TOO_LONG = 128 + 25;
const LOST = 255;

/** Why a result is not all that the command had to say, in words that end a sentence; `undefined`: it is all. */
export function cutReason({ status, code, truncated, stderr, durationMs }: ProbeResult): string | undefined {
  if (truncated || (status === 'exited' && code === TOO_LONG))
    return 'the output is longer than the 1 MiB that a run carries and was cut off';
  // The runner has nothing of it: the disk was full (runner.sh, emit).
  const isLost = status === 'exited' && code === LOST && durationMs === 0 && stderr === '';
  if (isLost || /\b(write|create)\b.*No space left on device/i.test(stderr))
    return 'the output was cut off or lost: the disk of the target is full';
  return undefined;
}

/** How a command may end, besides by itself. */
interface ReadOptions {
  /** Its time is up as a matter of course, and what it printed until then is all that it had to say. */
  readonly endsByTime?: boolean;
}

/**
 * The one way to what a command printed: nothing else in this folder reads `stdout` to judge it.
 * @param tool what has to be in the image for it
 * @param parse gives `undefined` for what cannot be read, or a reason or a text that says why not
 */
export function read<T extends object | number>(
  result: ProbeResult | undefined,
  tool: string,
  parse: (stdout: string, result: ProbeResult) => T | Reason | string | undefined,
  { endsByTime = false }: ReadOptions = {},
): Measured<T> {
  if (result === undefined) return { skipped: NOT_RUN };
  const cut = cutReason(result) ?? (result.status === 'timeout' && !endsByTime ? OUT_OF_TIME : undefined);
  if (cut !== undefined) {
    // What stands behind the last line's end is half a line.
    const part = parse(result.stdout.slice(0, result.stdout.lastIndexOf('\n') + 1), result);
    const skipped = because(cut);
    return part === undefined || typeof part === 'string' || isReason(part) ? { skipped } : { skipped, part };
  }
  const reason = notRun(result, tool);
  if (reason !== undefined) return { skipped: reason };
  const value = parse(result.stdout, result);
  if (typeof value === 'string') return { skipped: because(shortened(value)) };
  if (value === undefined) return { skipped: because(unreadable(result, tool)) };
  return isReason(value) ? { skipped: { ...value, text: shortened(value.text) } } : { value };
}

/** A tool's own words are as long as whoever runs on the target likes. */
const LONGEST_QUOTE = 200;

function shortened(text: string): string {
  return text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
}

const OUT_OF_TIME = 'it did not finish in time';

function unreadable({ stdout, stderr, code }: ProbeResult, tool: string): string {
  const said = firstLine(stderr);
  if (said !== undefined) return said;
  return stdout.trim() === ''
    ? `${tool} printed nothing (exit code ${code})`
    : `what ${tool} printed cannot be read`;
}

/** What is there for certain: all, or the part before the cut. */
export function seenOf<T>(measured: Measured<T>): T | undefined {
  return measured.value ?? measured.part;
}

/** What the check's own process may do; `undefined`: not known. */
export function privilegesOf(status: ProbeResult | undefined): Privileges | undefined {
  return read(status, 'cat', parsePrivileges).value;
}

/**
 * ping may not open its socket (iputils, busybox), or the shell may not start it (file capabilities). The same errors
 * of connect() and sendto() come from a firewall or a prohibit route.
 */
const NO_PING_RIGHTS =
  /socket: (Operation not permitted|Permission denied)|lacking privilege|are you root|cap_net_raw|(exec|line \d+): \S*ping: (Operation not permitted|Permission denied)/;

/** What ping came to. */
export function echoesOf(result: ProbeResult | undefined): Measured<PingSeries> {
  if (!result) return { skipped: NOT_RUN };
  const reason = notRun(result, 'ping');
  if (reason !== undefined) return { skipped: reason };
  const series = parsePing(result.stdout);
  if (series && series.sent > 0) return { value: series };
  if (NO_PING_RIGHTS.test(result.stderr)) {
    return {
      skipped: noRight('ICMP needs NET_RAW or a ping_group_range that holds this user'),
    };
  }
  if (/\bping: not found$/m.test(result.stderr)) return { skipped: noTool('ping') };
  return { skipped: because(firstLine(result.stderr) ?? `ping ended with code ${result.code}`) };
}

/** What src/probes/tcp-connect.bash came to. */
export function connectsOf(result: ProbeResult | undefined): Measured<ConnectSeries> {
  if (!result) return { skipped: NOT_RUN };
  const reason = notRun(result, 'bash, which times the connections');
  if (reason !== undefined) return { skipped: reason };
  const series = parseConnects(result.stdout, result.durationMs);
  if (series.tries.some((t) => t.outcome !== 'unresolved')) return { value: series };
  if (series.tries.length > 0 || result.stdout.startsWith('unresolved'))
    return { skipped: because('the name does not resolve on the target') };
  return {
    skipped: because(firstLine(result.stderr) ?? `the connection test ended with code ${result.code}`),
  };
}

/** The first line that says something, cut to a length that fits a sentence. */
export function firstLine(text: string): string | undefined {
  return text
    .split('\n')
    .find((line) => line.trim() !== '')
    ?.trim()
    .slice(0, LONGEST_QUOTE);
}

/** Why `ip -j` gave no JSON. */
export function noIpJson(result: ProbeResult | undefined): Reason {
  return noJson(result, 'ip');
}

/** Why a tool of iproute2 gave no JSON. */
export function noJson(result: ProbeResult | undefined, tool: 'ip' | 'tc' | 'bridge'): Reason {
  const reason = notRun(result, tool);
  if (reason !== undefined) return reason;
  if (result?.status === 'timeout') return because(OUT_OF_TIME);
  const said = firstLine(result?.stderr ?? '');
  if (/unrecognized|invalid option|BusyBox|Usage/i.test(said ?? ''))
    return because(`${tool} prints no JSON (iproute2 does)`, 'poor-tool');
  return because(
    said ?? (result?.stdout.trim() === '' ? `${tool} gave nothing` : `what ${tool} printed is not JSON`),
  );
}
