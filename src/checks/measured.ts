/** What ways of measuring gave, or why they gave nothing: read alike by all checks that use them. Pure. */
import type { ProbeResult } from '../model/evidence.ts';
import { type PingSeries, parsePing } from '../parsers/ping.ts';
import { type ConnectSeries, parseConnects } from '../parsers/tcp-connect.ts';

/** A way of measuring that gave something, or the reason why it did not. */
export type Measured<T> =
  | { readonly value: T; readonly skipped?: undefined }
  | { readonly value?: undefined; readonly skipped: string };

/** The reason where a placeholder stands for nothing on the target: no gateway, no name server. */
export const NO_SUCH_PLACE = 'the target has none';

/** Why a command gave nothing that applies to every command alike; `undefined` when it ran. */
export function notRun(result: ProbeResult | undefined, tool: string): string | undefined {
  if (!result) return 'it was not part of the run';
  if (result.status === 'missing') return `the image has no ${tool}`;
  if (result.status === 'unknown-placeholder') return NO_SUCH_PLACE;
  return undefined;
}

/**
 * ping may not open its socket (iputils, busybox), or the shell may not start it (file capabilities). The same errors
 * of connect() and sendto() come from a firewall or a prohibit route.
 */
const NO_PING_RIGHTS =
  /socket: (Operation not permitted|Permission denied)|lacking privilege|are you root|cap_net_raw|(exec|line \d+): \S*ping: (Operation not permitted|Permission denied)/;

/** What ping came to. */
export function echoesOf(result: ProbeResult | undefined): Measured<PingSeries> {
  const reason = notRun(result, 'ping');
  if (reason !== undefined || !result) return { skipped: reason ?? '' };
  const series = parsePing(result.stdout);
  if (series && series.sent > 0) return { value: series };
  if (NO_PING_RIGHTS.test(result.stderr)) {
    return {
      skipped: 'ICMP needs NET_RAW or a ping_group_range that holds this user: use --profile netadmin',
    };
  }
  if (/\bping: not found$/m.test(result.stderr)) return { skipped: 'the image has no ping' };
  return { skipped: firstLine(result.stderr) ?? `ping ended with code ${result.code}` };
}

/** What src/probes/tcp-connect.bash came to. */
export function connectsOf(result: ProbeResult | undefined): Measured<ConnectSeries> {
  const reason = notRun(result, 'bash, which times the connections');
  if (reason !== undefined || !result) return { skipped: reason ?? '' };
  const series = parseConnects(result.stdout, result.durationMs);
  if (series.tries.some((t) => t.outcome !== 'unresolved')) return { value: series };
  if (series.tries.length > 0 || result.stdout.startsWith('unresolved'))
    return { skipped: 'the name does not resolve on the target' };
  return { skipped: firstLine(result.stderr) ?? `the connection test ended with code ${result.code}` };
}

/** The first line that says something, cut to a length that fits a sentence. */
export function firstLine(text: string): string | undefined {
  return text
    .split('\n')
    .find((line) => line.trim() !== '')
    ?.trim()
    .slice(0, 200);
}

/** Why `ip -j` gave no JSON, in words that end a sentence. */
export function noIpJson(result: ProbeResult | undefined): string {
  return noJson(result, 'ip');
}

/** Why a tool of iproute2 gave no JSON, in words that end a sentence. */
export function noJson(result: ProbeResult | undefined, tool: 'ip' | 'tc' | 'bridge'): string {
  const reason = notRun(result, tool);
  if (reason !== undefined) return reason;
  const said = firstLine(result?.stderr ?? '');
  return /unrecognized|invalid option|BusyBox|Usage/i.test(said ?? '')
    ? `the image's ${tool} prints no JSON (iproute2 does)`
    : (said ?? `${tool} gave nothing`);
}
