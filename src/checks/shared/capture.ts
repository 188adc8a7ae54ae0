/** Listening for ICMP errors while probes run: who says that a packet did not arrive. Pure. */

import type { ProbeCommand, ProbeResult } from '../../model/evidence.ts';
import type { Privileges } from '../../parsers/proc-status.ts';
import { parseCaptureCounts } from '../../parsers/tcpdump-counts.ts';
import { parseUnreachables, type Unreachable } from '../../parsers/unreachable.ts';
import { firstLine, type Measured, read, seenOf } from './measured.ts';
import { because, noRight, noTool } from './reason.ts';

/** It ends with the probes; this is for those that wait for room in the budget. */
const LISTEN_SECONDS = 60;

/** On a busy target others get ICMP errors too; tcpdump ends after so many. */
const MOST_ERRORS = 200;

/** Runs beside the probes; the same words in every check, so that a diagnosis listens once. */
export const icmpCapture: ProbeCommand = {
  id: 'icmp-errors',
  // tcpdump would become the user "tcpdump", whom a small image does not have. Only errors: the echo requests of other
  // checks would fill the count.
  argv: [
    'tcpdump',
    '-Z',
    'root',
    '-nn',
    '-l',
    // It is ended with the probes: what the kernel would hand over in batches (TPACKET_V3) would be lost.
    '--immediate-mode',
    // Else the kernel's ring has room for 8 packets, which are those of all kinds until the filter is set; the packet that an
    // error is about is told in its first 256 bytes.
    '-s',
    '256',
    '-i',
    'any',
    '-c',
    String(MOST_ERRORS),
    'icmp[0] = 3 or icmp[0] = 11 or icmp[0] = 12 or icmp6[0] = 1 or icmp6[0] = 3 or icmp6[0] = 4',
  ],
  timeoutSeconds: LISTEN_SECONDS,
  listens: true,
};

/** What {@link icmpCapture} heard, or why it could not listen. */
export function unreachablesOf(
  result: ProbeResult | undefined,
  privileges: Privileges | undefined,
): Measured<readonly Unreachable[]> {
  if (!result || result.status === 'missing') return { skipped: noTool('tcpdump') };
  if (privileges && !privileges.capabilities.includes('NET_RAW'))
    return { skipped: noRight('listening needs NET_RAW') };
  if (/^listening on /m.test(result.stderr))
    return heard(read(result, 'tcpdump', text, { endsByTime: true }), result);
  const complaint = result.stderr.split('\n').filter((line) => !/WARNING|Promiscuous mode/.test(line));
  return {
    skipped: because(firstLine(complaint.join('\n')) ?? `tcpdump ended with code ${result.code}`),
  };
}

const text = (stdout: string): { readonly text: string } => ({ text: stdout });

/** What was heard was sent; what was not heard may have been, where the capture ended before the probes or lost some. */
function heard(
  printed: Measured<{ readonly text: string }>,
  { stderr }: ProbeResult,
): Measured<readonly Unreachable[]> {
  const stdout = seenOf(printed)?.text ?? '';
  const errors = parseUnreachables(stdout);
  if (printed.skipped !== undefined) return { skipped: printed.skipped, part: errors };
  const counts = parseCaptureCounts(stderr);
  const lines = stdout.split('\n').length - 1;
  if (Math.max(lines, counts?.captured ?? 0) >= MOST_ERRORS)
    return {
      skipped: because(`only the first ${MOST_ERRORS} ICMP errors were recorded, and that many came`),
      part: errors,
    };
  if ((counts?.dropped ?? 0) > 0)
    return { skipped: because(`the capture lost ${counts?.dropped} ICMP errors`), part: errors };
  return { value: errors };
}

/** Routers that said meanwhile that the time to live of a packet was over; of which packet, tcpdump does not print. */
export function expirySenders(result: ProbeResult | undefined): string[] {
  return sendersOf(result, /\bIP6? (\S+) > \S+: ICMP6?,? time exceeded in-transit/g);
}

/** Who said meanwhile that a header of a packet is wrong (parameter problem); of which packet, tcpdump does not print. */
export function objectors(result: ProbeResult | undefined): string[] {
  return sendersOf(result, /\bIP6? (\S+) > \S+: ICMP6?,? parameter problem/g);
}

function sendersOf(result: ProbeResult | undefined, told: RegExp): string[] {
  const printed = seenOf(read(result, 'tcpdump', text, { endsByTime: true }))?.text ?? '';
  return [...new Set([...printed.matchAll(told)].map(([, sender = '']) => sender))];
}
