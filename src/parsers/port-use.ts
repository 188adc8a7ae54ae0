/** Parses the output of src/probes/port-use.sh. Pure. */

/** How many local ports of the ephemeral range are taken. */
export interface PortUse {
  readonly first: number;
  readonly last: number;
  /** Ports of the range that any TCP socket has. */
  readonly taken: number;
  /** The remote ends with the most connections from ports of the range: a port serves each end once. */
  readonly busiest: readonly { readonly peer: string; readonly connections: number }[];
}

export function parsePortUse(stdout: string): PortUse | undefined {
  const range = /^range (\d+) (\d+)$/m.exec(stdout);
  const taken = /^taken (\d+)$/m.exec(stdout)?.[1];
  if (!range || taken === undefined) return undefined;
  return {
    first: Number(range[1]),
    last: Number(range[2]),
    taken: Number(taken),
    busiest: Array.from(stdout.matchAll(/^peer (\d+) (\S+)$/gm), ([, connections, peer = '']) => ({
      peer,
      connections: Number(connections),
    })),
  };
}
