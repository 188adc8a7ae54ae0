import { describe, expect, it } from 'vitest';
import { parseNeighbourTables } from '../../../src/parsers/ip-neigh.ts';

// As iproute2 6.1.0 prints them on Linux 6.18, with fewer fields.
const OF_LO = '"dev":"lo","refcnt":2,"reachable":25636,"base_reachable":30000';
const ARP = `{"family":"inet","name":"arp_cache","thresh1":128,"thresh2":512,"thresh3":1024,"entries":2,"table_fulls":0},{"family":"inet","name":"arp_cache",${OF_LO}}`;
const NDISC = `{"family":"inet6","name":"ndisc_cache","thresh1":128,"thresh2":512,"thresh3":2048,"entries":4,"table_fulls":5},{"family":"inet6","name":"ndisc_cache",${OF_LO}}`;
const arp = { entries: 2, limit: 1024, overflows: 0 };
const ndisc = { entries: 4, limit: 2048, overflows: 5 };

describe('parseNeighbourTables', () => {
  it.each([
    ['both', `[${ARP},${NDISC}]`, { arp, ndisc }],
    ['both, in another order', `[${NDISC},${ARP}]`, { arp, ndisc }],
    ['a kernel without IPv6', `[${ARP}]`, { arp, ndisc: undefined }],
    ['a table that is missing', `[${NDISC}]`, undefined],
    ['parameters of devices alone', `[{"name":"arp_cache",${OF_LO}}]`, undefined],
  ])('%s', (_name, text, expected) => {
    expect(parseNeighbourTables(text)).toEqual(expected);
  });
});
