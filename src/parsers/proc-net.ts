/** Parses /proc/net/snmp and /proc/net/netstat (kernel: Documentation/networking/snmp_counter.rst). Pure. */

/** Counters by `Group.Name`, such as `Tcp.RetransSegs` or `TcpExt.TCPSynRetrans`. */
export type Counters = Readonly<Record<string, number>>;

/** Both files have the same shape: a line of names and a line of values for each group. */
export function parseCounters(text: string): Counters {
  const counters: Record<string, number> = {};
  let header: string[] = [];
  for (const line of text.split('\n')) {
    const [group, ...words] = line.trim().split(/\s+/);
    if (!group?.endsWith(':')) continue;
    if (words[0] !== undefined && /^-?\d+$/.test(words[0]) && header[0] === group) {
      words.forEach((value, i) => {
        const name = header[i + 1];
        if (name !== undefined) counters[`${group.slice(0, -1)}.${name}`] = Number(value);
      });
      header = [];
    } else header = [group, ...words];
  }
  return counters;
}

/** Parses /proc/net/snmp6: a name and a value on each line. */
export function parseCounters6(text: string): Counters {
  return Object.fromEntries(
    Array.from(text.matchAll(/^(\w+)\s+(\d+)$/gm), ([, name = '', value]) => [name, Number(value)]),
  );
}

/** How much a counter grew; `undefined` when one of the snapshots lacks it. */
export function growth(before: Counters, after: Counters, name: string): number | undefined {
  const from = before[name];
  const to = after[name];
  return from === undefined || to === undefined ? undefined : to - from;
}
