/** Parses the bridge-nf-call files of /proc/sys/net/bridge as `grep -H .` prints them. Pure. */

/** By the name of the setting; `undefined` when there are none, as without br_netfilter. */
export function parseBridgeCalls(stdout: string): ReadonlyMap<string, boolean> | undefined {
  const found = Array.from(
    stdout.matchAll(/\/net\/bridge\/(bridge-nf-call-\w+):(\d+)/g),
    ([, name = '', value]) => [name, value !== '0'] as const,
  );
  return found.length === 0 ? undefined : new Map(found);
}
