/** Parses what tcpdump says about its own capture: its counts at the end, and on SIGUSR1. Pure. */

/** Packets since the start of the capture. */
export interface CaptureCounts {
  /** Handed to tcpdump. */
  readonly captured: number;
  /** Matched by the filter in the kernel; on the interface `any` each packet over lo is counted twice. */
  readonly received: number;
  /** Had no room in the kernel's buffer, because tcpdump did not take the others away fast enough. */
  readonly dropped: number;
  /** Dropped by the interface before the filter saw them; not all kernels count them. */
  readonly droppedByInterface: number | undefined;
}

/**
 * Reads the counts from lines of stderr. The one on SIGUSR1 has all of them in one line, the one at the end a line for
 * each (tcpdump.c, info()).
 * @returns the last ones, or undefined when there are none
 */
export function parseCaptureCounts(stderr: string): CaptureCounts | undefined {
  const last = (what: string): number | undefined => {
    const found = [...stderr.matchAll(new RegExp(`(\\d{1,15}) packets? ${what}`, 'g'))].at(-1)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  const captured = last('captured');
  const received = last('received by filter');
  const dropped = last('dropped by kernel');
  if (captured === undefined || received === undefined || dropped === undefined) return undefined;
  return { captured, received, dropped, droppedByInterface: last('dropped by interface') };
}
