/** Parses the output of `ping` (iputils and busybox). Pure. */

/** What a series of echo requests came to. Times in milliseconds. */
export interface PingSeries {
  /** RTT of each answered probe, in order of sequence numbers. */
  readonly rtts: readonly number[];
  readonly sent: number;
  readonly received: number;
  /** How many probes in a row were not answered, for each such row in its order; only where replies have their numbers. */
  readonly gaps: readonly number[];
  /** What was said about probes that were not answered: `From 10.0.0.1 … Destination Host Unreachable`. */
  readonly errors: readonly string[];
}

const REPLY = /^\d+ bytes from .*?seq=(\d+).*time=([\d.]+) ms/;
const ERROR = /^From \S+.*(unreachable|prohibited|exceeded|filtered)/i;
const SUMMARY = /^(\d+) packets transmitted, (\d+)(?: packets)? received/;

/** `undefined` when ping never got to its summary: it could not start, or was ended before. */
export function parsePing(stdout: string): PingSeries | undefined {
  const rtts = new Map<number, number>();
  const errors: string[] = [];
  let summary: { sent: number; received: number } | undefined;
  for (const line of stdout.split('\n')) {
    const reply = REPLY.exec(line);
    if (reply) {
      // A duplicate answer (DUP!) has its sequence number already.
      const sequence = Number(reply[1]);
      if (!rtts.has(sequence)) rtts.set(sequence, Number(reply[2]));
      continue;
    }
    if (ERROR.test(line)) errors.push(line.trim());
    const end = SUMMARY.exec(line);
    if (end) summary = { sent: Number(end[1]), received: Number(end[2]) };
  }
  if (!summary) return undefined;
  const ordered = [...rtts].sort(([a], [b]) => a - b).map(([, rtt]) => rtt);
  return { rtts: ordered, ...summary, gaps: gapsOf(new Set(rtts.keys()), summary.sent), errors };
}

/** iputils counts from 1, busybox from 0. */
function gapsOf(answered: ReadonlySet<number>, sent: number): number[] {
  const first = answered.has(0) ? 0 : 1;
  const gaps: number[] = [];
  let length = 0;
  for (let i = first; i < first + Math.min(sent, 65_536); i++) {
    if (!answered.has(i)) length++;
    else if (length > 0) {
      gaps.push(length);
      length = 0;
    }
  }
  return length > 0 ? [...gaps, length] : gaps;
}
