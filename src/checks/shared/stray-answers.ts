/** Answers to what the target sent that come from another address than it asked: heard beside the probes. Pure. */

import type { ProbeCommand, ProbeResult } from '../../model/evidence.ts';
import type { Quote } from '../../model/report.ts';
import { socketAddress } from '../../model/socket-address.ts';
import { sameAddress } from '../../parsers/ip-prefix.ts';
import { parseSegments, type SeenSegment } from '../../parsers/tcpdump-tcp.ts';
import { read, seenOf } from './measured.ts';

/** It ends with the probes; this is for those that wait for room in the budget. */
const LISTEN_SECONDS = 60;
/** A busy target opens more; what was heard until then is proof all the same. */
const MOST_SEGMENTS = 2000;

/** Runs beside the probes; the same words in every check, so that a diagnosis listens once. */
export const strayCapture: ProbeCommand = {
  id: 'opening-segments',
  // As root and at once: see icmpCapture.
  argv: [
    ...['tcpdump', '-Z', 'root', '-nn', '-S', '-tt', '-l', '--immediate-mode', '-s', '256', '-i', 'any'],
    ...['-c', String(MOST_SEGMENTS)],
    // The 14th byte of a TCP header has the flag SYN (2).
    'tcp[13] & 2 != 0 or (ip6[6] = 6 and ip6[53] & 2 != 0)',
  ],
  timeoutSeconds: LISTEN_SECONDS,
  listens: true,
};

/** Connections that somebody else answered. */
export interface StrayAnswers {
  /** `198.18.1.7:8080`, each once. */
  readonly from: readonly string[];
  readonly connections: number;
  readonly quotes: readonly Quote[];
}

/** By the number that an answer acknowledges it is known whose it is (RFC 9293, section 3.4). `undefined`: none was heard. */
export function strayAnswers(
  result: ProbeResult | undefined,
  { address, port }: { readonly address: string; readonly port: number },
): StrayAnswers | undefined {
  const segments = seenOf(read(result, 'tcpdump', parseSegments, { endsByTime: true })) ?? [];
  const opened = segments.filter(
    ({ outgoing, flags, destination, destinationPort }) =>
      outgoing && flags === 'S' && sameAddress(destination, address) && destinationPort === port,
  );
  const pairs = opened.flatMap((syn): { readonly syn: SeenSegment; readonly answer: SeenSegment }[] => {
    const answer = segments.find(
      (one) =>
        !one.outgoing &&
        one.flags === 'S.' &&
        one.destinationPort === syn.sourcePort &&
        syn.sequence !== undefined &&
        one.acknowledged === (syn.sequence + 1) % 2 ** 32 &&
        !(sameAddress(one.source, address) && one.sourcePort === port),
    );
    return answer === undefined ? [] : [{ syn, answer }];
  });
  const [first] = pairs;
  if (result === undefined || first === undefined) return undefined;
  return {
    from: [...new Set(pairs.map(({ answer }) => socketAddress(answer.source, answer.sourcePort)))].sort(),
    connections: new Set(pairs.map(({ syn }) => syn.sequence)).size,
    quotes: [{ command: result.command, excerpt: [first.syn.line, first.answer.line].join('\n') }],
  };
}
