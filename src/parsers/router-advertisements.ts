/** Parses accept_ra and forwarding of /proc/sys/net/ipv6/conf as `grep -H .` prints them. Pure. */

/** Of one interface. */
export interface AdvertisementSettings {
  /** 0: takes none; 1: takes them as long as it does not forward; 2: takes them anyway. */
  readonly acceptRa: number;
  readonly forwarding: number;
}

/** By the name of the interface; `undefined` when the files could not be read, as without IPv6. */
export function parseAdvertisements(stdout: string): ReadonlyMap<string, AdvertisementSettings> | undefined {
  const values = new Map(
    Array.from(
      stdout.matchAll(/\/net\/ipv6\/conf\/([^/\n]+)\/(accept_ra|forwarding):(-?\d+)$/gm),
      ([, name = '', setting = '', value]) => [`${setting} ${name}`, Number(value)],
    ),
  );
  const found = [...values.keys()].flatMap((key) => {
    const name = /^accept_ra (.*)$/.exec(key)?.[1];
    if (name === undefined) return [];
    const acceptRa = values.get(key);
    const forwarding = values.get(`forwarding ${name}`);
    return acceptRa === undefined || forwarding === undefined
      ? []
      : [[name, { acceptRa, forwarding }] as const];
  });
  return found.length === 0 ? undefined : new Map(found);
}
