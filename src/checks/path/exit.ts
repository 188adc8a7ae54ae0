/** How what the target sends to a host outside leaves the cluster, and whether the node's own is answered. Pure. */
import type { Destination } from '../../model/destination.ts';
import type { Evidence } from '../../model/evidence.ts';
import { sameAddress } from '../../parsers/ip-prefix.ts';
import type { SeenSegment } from '../../parsers/tcpdump-tcp.ts';
import { reachOf } from '../shared/reach-probe.ts';
import type { Exit, Loss } from './facts.ts';
import { liesIn } from './inside.ts';
import { controlId, evidenceId } from './watch.ts';

/** It left the node, and no answer came to the node. */
export function isLostBeyond({ last, missed }: Loss): boolean {
  return last?.packet === 'probe' && last.way === 'out' && missed.packet === 'answer' && missed.way === 'in';
}

/**
 * It was not seen to leave the node. Of a host outside that alone proves no loss: the node may send it on to another address,
 * or its interface may be none of the node's network.
 */
export function isLostOnNode(loss: Loss | undefined): boolean {
  return loss?.last !== undefined && loss.missed.packet === 'probe';
}

interface Sent {
  readonly address: string;
  readonly port: number;
  /** The target's addresses. */
  readonly own: readonly string[];
  /** Ranges and addresses of the cluster. */
  readonly inside: readonly string[];
}

/** @param loss of the kind of {@link isLostBeyond} */
export function exitOf(
  { last }: Loss,
  { address, port, own, inside }: Sent,
  evidence: Evidence,
  destination: Destination,
): Exit | undefined {
  const segments = last?.place.segments.value;
  if (last === undefined || segments === undefined) return undefined;
  const { place } = last;
  const left = segments.filter((one) => last.lines?.includes(one.line));
  const [first] = left;
  if (first === undefined) return undefined;
  const { device, source, line } = first;
  const control = reachOf(evidence[evidenceId(place.place.id, controlId(destination))]);
  const isThere = control.value?.address !== undefined && sameAddress(control.value.address, address);
  const answered =
    isThere && control.value?.tries.at(-1)?.outcome === 'connected'
      ? answeredOf(segments, address, port)
      : undefined;
  return {
    place,
    device,
    source,
    isForeign: !liesIn(inside, address),
    isOwnAddress: last.sources.every((one) => own.some((two) => sameAddress(one, two))),
    packets: left.filter((one) => one.device === device).length,
    line,
    control,
    ...(answered === undefined ? {} : { answered }),
  };
}

/** A SYN of the node itself, which came in by no interface, and its SYN-ACK. */
function answeredOf(segments: readonly SeenSegment[], address: string, port: number): Exit['answered'] {
  const isSyn = (s: SeenSegment): boolean =>
    s.flags === 'S' && sameAddress(s.destination, address) && s.destinationPort === port;
  const ledOn = new Set(segments.filter((s) => !s.outgoing && isSyn(s)).map((s) => s.sequence));
  return segments.find(
    (s) =>
      s.outgoing &&
      isSyn(s) &&
      !ledOn.has(s.sequence) &&
      segments.some(
        (answer) =>
          !answer.outgoing &&
          answer.flags.startsWith('S.') &&
          s.sequence !== undefined &&
          answer.acknowledged === (s.sequence + 1) % 2 ** 32,
      ),
  );
}
