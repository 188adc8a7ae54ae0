/** Parses the rp_filter and src_valid_mark files of /proc/sys/net/ipv4/conf as `grep -H .` prints them. Pure. */

/** Interfaces in strict mode (1); `undefined` when the files could not be read. */
export function parseStrictInterfaces(stdout: string): string[] | undefined {
  const values = valuesOf(stdout, 'rp_filter');
  const all = values.get('all');
  if (all === undefined) return undefined;
  // The greater of both holds (kernel: Documentation/networking/ip-sysctl.rst); 2 is loose, and no strict one.
  return [...values]
    .filter(
      ([name, value]) => name !== 'all' && name !== 'default' && name !== 'lo' && Math.max(all, value) === 1,
    )
    .map(([name]) => name);
}

/**
 * Whether the reverse lookup of an interface knows the mark of a packet (src_valid_mark): it does where that of the interface
 * or that of all is 1. `undefined` when the files could not be read.
 */
export function parseMarkedLookups(stdout: string): ((device: string) => boolean) | undefined {
  const values = valuesOf(stdout, 'src_valid_mark');
  const all = values.get('all');
  return all === undefined ? undefined : (device) => all !== 0 || (values.get(device) ?? 0) !== 0;
}

function valuesOf(stdout: string, file: 'rp_filter' | 'src_valid_mark'): ReadonlyMap<string, number> {
  return new Map(
    Array.from(
      stdout.matchAll(new RegExp(`/conf/([^/\\n]+)/${file}:(\\d+)`, 'g')),
      ([, name = '', value]) => [name, Number(value)],
    ),
  );
}
