/** Listening for ICMP errors while probes run: who says that a packet did not arrive. Pure. */
import type { ProbeCommand, ProbeResult } from '../model/evidence.ts';
import type { Privileges } from '../parsers/proc-status.ts';
import { parseUnreachables, type Unreachable } from '../parsers/unreachable.ts';
import { firstLine, type Measured } from './measured.ts';

/** It ends with the probes; this is for those that wait for room in the budget. */
const LISTEN_SECONDS = 60;

/** Runs beside the probes; the same words in every check, so that a diagnosis listens once. */
export const icmpCapture: ProbeCommand = {
  id: 'icmp-errors',
  // tcpdump would become the user "tcpdump", whom a small image does not have. Only errors: the echo requests of other
  // checks would fill the count.
  argv: ['tcpdump', '-Z', 'root', '-nn', '-l', '-i', 'any', '-c', '200', 'icmp[0] = 3 or icmp6[0] = 1'],
  timeoutSeconds: LISTEN_SECONDS,
  listens: true,
};

/** What {@link icmpCapture} heard, or why it could not listen. */
export function unreachablesOf(
  result: ProbeResult | undefined,
  privileges: Privileges | undefined,
): Measured<readonly Unreachable[]> {
  if (!result || result.status === 'missing') return { skipped: 'the image has no tcpdump' };
  if (privileges && !privileges.capabilities.includes('NET_RAW'))
    return { skipped: 'listening needs NET_RAW: use --profile netadmin' };
  if (/^listening on /m.test(result.stderr)) return { value: parseUnreachables(result.stdout) };
  const complaint = result.stderr.split('\n').filter((line) => !/WARNING|Promiscuous mode/.test(line));
  return { skipped: firstLine(complaint.join('\n')) ?? `tcpdump ended with code ${result.code}` };
}
