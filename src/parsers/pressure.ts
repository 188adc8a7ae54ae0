/** How a resource of a node was waited for, as the kernel tells it (Documentation/accounting/psi.rst). */
export interface Pressure {
  /** Share of the last ten seconds, an average that lags, in which some task waited for the resource: 0 to 1. */
  readonly lastTenSeconds: number;
  /** Microseconds since the start of the node in which some task waited. */
  readonly waitedUs: number;
}

/**
 * Parses a file of /proc/pressure. Pure.
 * @returns `undefined` where the kernel does not tell
 */
export function parsePressure(text: string): Pressure | undefined {
  const [, percent, total] = /^some avg10=(\d+\.\d+) .*\btotal=(\d+)$/m.exec(text) ?? [];
  return percent === undefined
    ? undefined
    : { lastTenSeconds: Number(percent) / 100, waitedUs: Number(total) };
}
