/** Parses `ip -j -s -s link show` (iproute2): interfaces' names and counters. Pure. */
import { jsonObjects, numberOf, objectOf, textOf } from './json.ts';

/** What an interface has counted since it was made. */
export interface LinkCounters {
  readonly name: string;
  readonly received: {
    readonly packets: number;
    readonly errors: number;
    /** The card had no free buffer for them; `undefined` where ip does not tell. */
    readonly missed?: number | undefined;
  };
  readonly sent: { readonly packets: number; readonly errors: number };
  /** How often the carrier came or went; `undefined` in older kernels. */
  readonly carrierChanges: number | undefined;
}

/** `undefined` when the text is not ip's JSON. */
export function parseLinkCounters(stdout: string): LinkCounters[] | undefined {
  return jsonObjects(stdout)?.map((entry) => {
    const stats = objectOf(entry['stats64'] ?? entry['stats']);
    const of = (direction: 'rx' | 'tx', name: string): number =>
      numberOf(objectOf(stats[direction])[name]) ?? 0;
    return {
      name: textOf(entry['ifname']) ?? '',
      received: {
        packets: of('rx', 'packets'),
        errors: of('rx', 'errors'),
        missed: numberOf(objectOf(stats['rx'])['missed_errors']),
      },
      sent: { packets: of('tx', 'packets'), errors: of('tx', 'errors') },
      carrierChanges: numberOf(objectOf(stats['tx'])['carrier_changes']),
    };
  });
}

/** Names of interfaces by their index; `undefined` when the text is not ip's JSON. */
export function parseLinkNames(stdout: string): Map<number, string> | undefined {
  const entries = jsonObjects(stdout)?.flatMap((entry): [number, string][] => {
    const [index, name] = [numberOf(entry['ifindex']), textOf(entry['ifname'])];
    return index === undefined || name === undefined ? [] : [[index, name]];
  });
  return entries && new Map(entries);
}
