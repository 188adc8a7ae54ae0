/** Parses /proc/loadavg. Pure. */

/** How many tasks ran or waited for a CPU or a disk, averaged over the last minute (proc(5)); `undefined` when the text is not that file. */
export function parseLoadAverage(stdout: string): number | undefined {
  const load = /^(\d+\.\d+) \d+\.\d+ \d+\.\d+ \d+\/\d+ \d+\n?$/.exec(stdout)?.[1];
  return load === undefined ? undefined : Number(load);
}
