/** Parses /proc/net/softnet_stat: what each CPU has done with received packets. Pure. */

/** Sums over all CPUs since the machine started; the file is one for all network namespaces. */
export interface Softnet {
  /** Those that are online: each has a row. */
  readonly cpus: number;
  readonly processed: number;
  /** Packets that found the CPU's backlog queue full (net.core.netdev_max_backlog). */
  readonly dropped: number;
  /** How often a CPU stopped with packets left to receive: budget or time was used up. */
  readonly squeezed: number;
}

/** `undefined` when the text is not that file. Columns: net/core/net-procfs.c, softnet_seq_show. */
export function parseSoftnet(stdout: string): Softnet | undefined {
  const rows = stdout.split('\n').filter((line) => /^[0-9a-f]{8}( [0-9a-f]{8}){2,}$/.test(line.trim()));
  if (rows.length === 0) return undefined;
  const sum = (column: number): number =>
    rows.reduce((total, row) => total + Number.parseInt(row.trim().split(' ')[column] ?? '0', 16), 0);
  return { cpus: rows.length, processed: sum(0), dropped: sum(1), squeezed: sum(2) };
}
