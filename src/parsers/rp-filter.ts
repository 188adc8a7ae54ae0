/** Parses the rp_filter files of /proc/sys/net/ipv4/conf as `grep -H .` prints them. Pure. */

/** Interfaces in strict mode (1); `undefined` when the files could not be read. */
export function parseStrictInterfaces(stdout: string): string[] | undefined {
  const values = new Map(
    Array.from(stdout.matchAll(/\/conf\/([^/\n]+)\/rp_filter:(\d+)/g), ([, name = '', value]) => [
      name,
      Number(value),
    ]),
  );
  const all = values.get('all');
  if (all === undefined) return undefined;
  // The greater of both holds (kernel: Documentation/networking/ip-sysctl.rst); 2 is loose, and no strict one.
  return [...values]
    .filter(
      ([name, value]) => name !== 'all' && name !== 'default' && name !== 'lo' && Math.max(all, value) === 1,
    )
    .map(([name]) => name);
}
