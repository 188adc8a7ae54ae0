/** Parses `conntrack -S` (conntrack-tools): counters of connection tracking. Pure. */

/** Sums over all CPUs by name, such as `invalid` and `insert_failed`; `undefined` when the text is something else. */
export function parseConntrackStats(stdout: string): Readonly<Record<string, number>> | undefined {
  const sums: Record<string, number> = {};
  let lines = 0;
  for (const line of stdout.split('\n')) {
    if (!/^cpu=\d+\s/.test(line)) continue;
    lines += 1;
    for (const [, name = '', value] of line.matchAll(/\b([a-z_]+)=(\d+)/g)) {
      if (name !== 'cpu') sums[name] = (sums[name] ?? 0) + Number(value);
    }
  }
  return lines === 0 ? undefined : sums;
}
