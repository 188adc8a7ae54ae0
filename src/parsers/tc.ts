/** Parses `tc -j -s qdisc show` (iproute2). Pure. */
import { jsonObjects } from './json.ts';

/** One queueing discipline's counters. */
export interface Qdisc {
  readonly kind: string;
  readonly device: string;
  readonly handle: string;
  /** Bytes queued at this moment. */
  readonly backlogBytes: number;
  readonly drops: number;
}

/** `undefined` when the text is not tc's JSON. */
export function parseQdiscs(stdout: string): Qdisc[] | undefined {
  return jsonObjects(stdout)?.map((entry) => ({
    kind: String(entry['kind'] ?? ''),
    device: String(entry['dev'] ?? ''),
    handle: String(entry['handle'] ?? ''),
    backlogBytes: Number(entry['backlog'] ?? 0),
    drops: Number(entry['drops'] ?? 0),
  }));
}
