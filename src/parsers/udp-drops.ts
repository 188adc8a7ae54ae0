/** Parses `ss -uanmH` (iproute2): what each UDP socket lost. Pure. */

/** Datagrams that did not fit into a socket's receive buffer, over its life, by socket. */
export function parseUdpDrops(stdout: string): ReadonlyMap<string, number> {
  const drops = new Map<string, number>();
  let local: string | undefined;
  for (const line of stdout.split('\n')) {
    const words = line.trim().split(/\s+/);
    // With a single state in question ss leaves the column of states out.
    if (/^\S/.test(line)) local = words.find((word, i) => i > 0 && /:(\d+|\*)$/.test(word));
    const lost = /\bskmem:\([^)]*\bd(\d+)\)/.exec(line)?.[1];
    if (lost !== undefined && local !== undefined) drops.set(local, (drops.get(local) ?? 0) + Number(lost));
  }
  return drops;
}
