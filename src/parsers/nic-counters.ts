/** Parses src/probes/nic-counters.sh: `ethtool -S` of each interface with hardware behind it. Pure. */
import type { Reason } from '../model/reason.ts';

/** One interface's counters, by the names that its driver gives them. */
export interface NicCounters {
  readonly name: string;
  readonly counters: ReadonlyMap<string, number>;
}

/** A reason instead: why there are none. */
export function parseNicCounters(stdout: string): NicCounters[] | Reason {
  if (/^no ethtool$/m.test(stdout)) return { code: 'no-tool', text: 'ethtool' };
  return stdout
    .split(/^interface /m)
    .slice(1)
    .map((part) => {
      const [name = '', ...lines] = part.split('\n');
      const counters = lines.flatMap((line) => {
        // Drivers write queue numbers in brackets, and some more than one colon.
        const [, counter, value] = /^\s+(\S.*?): (\d+)$/.exec(line) ?? [];
        return counter === undefined ? [] : [[counter, Number(value)] as const];
      });
      return { name, counters: new Map(counters) };
    });
}
