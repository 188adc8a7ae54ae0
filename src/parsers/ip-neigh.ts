/** Parses `ip -j -s neigh show` and `ip -j -s ntable show` (iproute2). Pure. */
import { jsonObjects, numberOf, textOf, textsIn } from './json.ts';

/** An entry of the neighbour table (ARP, NDP). */
export interface Neighbour {
  readonly address: string;
  readonly device: string;
  /** `undefined`: not known, or not needed. */
  readonly mac: string | undefined;
  /** `REACHABLE`, `STALE`, `DELAY`, `PROBE`, `FAILED`, `INCOMPLETE`, `PERMANENT`, `NOARP`, `NONE`. */
  readonly state: string;
}

/** `undefined` when the text is not ip's JSON. */
export function parseNeighbours(stdout: string): Neighbour[] | undefined {
  return jsonObjects(stdout)?.map((entry) => ({
    address: textOf(entry['dst']) ?? '',
    device: textOf(entry['dev']) ?? '',
    mac: textOf(entry['lladdr'])?.toLowerCase(),
    state: textsIn(entry['state'])[0] ?? 'NONE',
  }));
}

/** The kernel's table of one protocol; it is one for all network namespaces of a machine. */
export interface NeighbourTable {
  readonly entries: number;
  /** gc_thresh3: no more entries than this. */
  readonly limit: number;
  /** How often an entry could not be made because of the limit. */
  readonly overflows: number;
}

/** The tables of both protocols. */
export interface NeighbourTables {
  readonly arp: NeighbourTable;
  /** `undefined`: the kernel has no IPv6. */
  readonly ndisc: NeighbourTable | undefined;
}

/** `undefined` when the text is not ip's JSON, or lacks the table of ARP. */
export function parseNeighbourTables(stdout: string): NeighbourTables | undefined {
  const objects = jsonObjects(stdout);
  if (objects === undefined) return undefined;
  const [arp, ndisc] = ['arp_cache', 'ndisc_cache'].map((name) => tableIn(objects, name));
  return arp && { arp, ndisc };
}

function tableIn(
  objects: NonNullable<ReturnType<typeof jsonObjects>>,
  name: string,
): NeighbourTable | undefined {
  // The entries that name a device are parameters of that device, not the table.
  const table = objects.find((entry) => entry['name'] === name && entry['dev'] === undefined);
  const entries = numberOf(table?.['entries']);
  const limit = numberOf(table?.['thresh3']);
  return entries === undefined || limit === undefined || limit === 0
    ? undefined
    : { entries, limit, overflows: numberOf(table?.['table_fulls']) ?? 0 };
}
