/** The probe that finds out what becomes of connections to a destination; checks share it. Pure. */

import type { ProbeScripts } from '../../model/check.ts';
import type { Destination } from '../../model/destination.ts';
import type { ProbeCommand, ProbeResult } from '../../model/evidence.ts';
import type { Quote } from '../../model/report.ts';
import { parseReach, type Reach } from '../../parsers/reach.ts';
import { firstLine, type Measured, NOT_RUN, notRun } from './measured.ts';
import { quote } from './quote.ts';
import { because } from './reason.ts';

/** A neighbour that does not answer becomes an error after 3 s, and the probe waits a moment before it starts. */
const LIMIT_SECONDS = 4;

/**
 * A SYN is sent again after 1 s (RFC 6298, 2.1): in less time than that, one that was lost looks like a drop.
 * What takes the time away is a slow lookup of the name, or a target without CPU.
 */
const LEAST_WAIT_MS = 1100;

/** More than the largest packet of an Ethernet, so that at least two full ones go out. */
export const PAYLOAD_BYTES = 4096;

/** Ports whose servers answer a question that is known here. */
const QUESTIONS: Readonly<Record<string, string>> = { '53': 'dns', '123': 'ntp' };

/** When the probe's sockets are looked at: after a few retransmissions, and before it gives up. */
const SOCKETS_AFTER_SECONDS = '2.3';

/** Whether a server of this port would answer what the probe sends. */
export function expectsAnswer({ protocol, port }: Pick<Destination, 'protocol' | 'port'>): boolean {
  return protocol === 'tcp' || QUESTIONS[port] !== undefined;
}

/** @param large whether to find out too if large packets arrive */
export function reachProbe(
  destination: Pick<Destination, 'id' | 'host' | 'port' | 'protocol'>,
  scripts: ProbeScripts,
  large: boolean,
): ProbeCommand {
  const { id, host, port, protocol } = destination;
  const payload = protocol === 'udp' ? (QUESTIONS[port] ?? 'text') : String(large ? PAYLOAD_BYTES : 0);
  return {
    id: `${id}-reach`,
    argv: ['bash', '-c', scripts.reach, 'reach', protocol, host, port, payload],
    timeoutSeconds: LIMIT_SECONDS,
    display: ['reach', protocol, host, port],
  };
}

/** The kernel's own view of the probe's sockets, while they wait. */
export const socketsProbe: ProbeCommand = {
  id: 'reach-sockets',
  argv: ['sh', '-c', 'sleep "$1"; shift; exec "$@"', 'nettools-sample', SOCKETS_AFTER_SECONDS, 'ss', '-tinH'],
  timeoutSeconds: LIMIT_SECONDS,
  display: ['ss', '-tinH'],
};

export function reachOf(result: ProbeResult | undefined): Measured<Reach> {
  if (!result) return { skipped: NOT_RUN };
  const reason = notRun(result, 'bash, which opens the connections');
  if (reason !== undefined) return { skipped: reason };
  const reach = parseReach(result.stdout, result.durationMs);
  const unresolved = unresolvedReason(reach, result);
  if (unresolved !== undefined) return { skipped: because(unresolved) };
  const last = reach.tries.at(-1);
  if (last?.outcome === 'unanswered' && last.ms < LEAST_WAIT_MS)
    return {
      skipped: because(
        `the probe had only ${(last.ms / 1000).toFixed(1)} s for the connection (a slow name server, or a target without CPU): try again`,
      ),
    };
  if (last !== undefined) return { value: reach };
  return {
    skipped: because(firstLine(result.stderr) ?? `the connection test ended with code ${result.code}`),
  };
}

/** Whether nothing was sent because the target could not look the name up. */
export function isUnresolved(result: ProbeResult | undefined): boolean {
  if (!result || notRun(result, 'bash') !== undefined) return false;
  return unresolvedReason(parseReach(result.stdout, result.durationMs), result) !== undefined;
}

function unresolvedReason({ address, unresolved }: Reach, { status }: ProbeResult): string | undefined {
  return address === undefined && status === 'timeout'
    ? 'the name does not resolve on the target (its name servers did not answer)'
    : unresolved;
}

/** The lines that say what became of the tries; bash's name for where it was is left out. */
export function quoteTries(result: ProbeResult | undefined, maxLines: number): Quote[] {
  return quote(
    result,
    /^(ok|answered|silent|failed|ended|endpoint|icmp type) |: connect: |read error: |^\S+: (line \d+: )?\S.*: /,
    maxLines,
  ).map(({ command, excerpt }) => ({ command, excerpt: excerpt.replace(/^\S+: (line \d+: )?(?=\S)/gm, '') }));
}

/**
 * What the tries came to, in words that end a sentence: `"Connection refused"`, `no answer within 3.6 s`; the last one,
 * and where it was met by silence the error before it.
 */
export function outcomeText(reach: Reach): string {
  const last = reach.tries.at(-1);
  const error = reach.tries.findLast((t) => t.outcome === 'failed')?.error;
  if (last === undefined) return 'no connection was tried';
  switch (last.outcome) {
    case 'connected':
      return last.ended === undefined ? 'connected' : `connected, and ${last.ended} at once`;
    case 'answered':
      return 'answered';
    case 'failed':
      return `"${last.error}"`;
    case 'silent':
      return `no answer to ${reach.tries.length} datagrams`;
    case 'unanswered':
      return `${error === undefined ? '' : `"${error}", then `}no answer within ${(last.ms / 1000).toFixed(1)} s`;
  }
}
