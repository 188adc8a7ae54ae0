/** Parses the output of src/probes/small-segments.sh. Pure. */
import type { Reason } from '../model/reason.ts';

/** What came of asking once more, over a connection that takes packets of so many bytes at the most. */
export interface SegmentTry {
  /** 0: as large as the target's own link takes. */
  readonly packet: number;
  /** `failed`: the connection was not made, or was ended. */
  readonly outcome: 'whole' | 'stalled' | 'failed';
  /** Bytes of the answer's body. */
  readonly received: number;
}

/** The tries in their order; a reason, or a text that is one, where there are none. */
export function parseSmallSegments(stdout: string): readonly SegmentTry[] | Reason | string {
  const tool = /^no-tool (\w+)$/m.exec(stdout)?.[1];
  if (tool !== undefined) return { code: 'no-tool', text: tool };
  if (/^no-room$/m.test(stdout)) return 'the target has no room for a file';
  const tries = [...stdout.matchAll(/^packet (\d{1,5}) (whole|stalled|failed) (\d{1,9})$/gm)].map(
    ([, packet, outcome, received]): SegmentTry => ({
      packet: Number(packet),
      outcome: outcome as SegmentTry['outcome'],
      received: Number(received),
    }),
  );
  return tries.length === 0 ? 'it was not asked again' : tries;
}
