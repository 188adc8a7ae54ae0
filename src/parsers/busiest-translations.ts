/** Parses what the docker check counts of a host's connection table: `busy N PROTOCOL NEAR FAR PORT`. Pure. */

/** Connections whose source was translated to one address, to one destination. */
export interface BusyTranslation {
  readonly count: number;
  readonly protocol: string;
  /** The address that stands in the place of their own. */
  readonly near: string;
  readonly far: string;
  /** At the far side. */
  readonly port: number;
}

/** Most first. */
export function parseBusiestTranslations(stdout: string): BusyTranslation[] {
  return Array.from(
    stdout.matchAll(/^busy (\d{1,9}) (tcp|udp) (\S{1,45}) (\S{1,45}) (\d{1,5})$/gm),
    ([, count, protocol = '', near = '', far = '', port]) => ({
      count: Number(count),
      protocol,
      near,
      far,
      port: Number(port),
    }),
  );
}
