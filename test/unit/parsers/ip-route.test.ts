import { describe, expect, it } from 'vitest';
import { parseInterfaces } from '../../../src/parsers/ip-addr.ts';
import { parseLinkCounters } from '../../../src/parsers/ip-link.ts';
import { parseNeighbours, parseNeighbourTables } from '../../../src/parsers/ip-neigh.ts';
import { parseRoutes, parseRules, routeText } from '../../../src/parsers/ip-route.ts';
import { parseStrictInterfaces } from '../../../src/parsers/rp-filter.ts';

// As iproute2 6.1.0 printed them on Linux 6.18.
const RULES = `[{"priority":0,"src":"all","table":"local"},{"priority":32759,"src":"all","l3mdev":null},{"priority":32761,"not":null,"src":"192.0.2.2","iif":"lo","ipproto":"tcp","dport_start":80,"dport_end":90,"table":"101"},{"priority":32762,"src":"all","fwmark":"0x10","fwmask":"0xff","table":"100"},{"priority":32765,"src":"all","dst":"203.0.113.5","action":"prohibit"},{"priority":32766,"src":"all","table":"main"}]`;
const ROUTES = `[{"type":"unicast","dst":"default","gateway":"192.0.2.1","dev":"v0","table":"main","protocol":"boot","scope":"global","flags":[]},{"type":"blackhole","dst":"203.0.113.1","table":"main","protocol":"boot","scope":"global","flags":[]},{"type":"unreachable","dst":"2001:db8::1","dev":"lo","table":"main","protocol":"boot","scope":"global","metric":1024,"flags":[],"pref":"medium"},{"type":"unicast","dst":"default","gateway":"fe80::1","dev":"v0","table":"main","protocol":"boot","scope":"global","metric":1024,"flags":[],"pref":"medium"}]`;

describe('parseRoutes', () => {
  it('tells the families apart', () => {
    const routes = parseRoutes(ROUTES) ?? [];
    expect(routes.map((r) => [r.family, r.type, r.text])).toEqual([
      ['inet', 'unicast', 'default'],
      ['inet', 'blackhole', '203.0.113.1'],
      ['inet6', 'unreachable', '2001:db8::1'],
      ['inet6', 'unicast', 'default'],
    ]);
    expect(routes.map(routeText)).toEqual([
      'default via 192.0.2.1 dev v0',
      'blackhole 203.0.113.1',
      'unreachable 2001:db8::1 dev lo metric 1024',
      'default via fe80::1 dev v0 metric 1024',
    ]);
  });

  it('knows several next hops, and one of the other family', () => {
    const multipath =
      '[{"dst":"default","nexthops":[{"gateway":"192.0.2.1","dev":"a","weight":1,"flags":[]},{"gateway":"192.0.2.2","dev":"b","weight":1,"flags":["linkdown"]}]}]';
    expect(parseRoutes(multipath)?.[0]).toMatchObject({
      gateways: ['192.0.2.1', '192.0.2.2'],
      devices: ['a', 'b'],
      flags: ['linkdown'],
    });
    const other = '[{"dst":"default","via":{"family":"inet6","host":"fe80::1"},"dev":"a","flags":[]}]';
    expect(parseRoutes(other)?.[0]).toMatchObject({ family: 'inet', gateways: ['fe80::1'] });
  });
});

describe('parseRules', () => {
  it('reads what ip prints', () => {
    expect(parseRules(RULES)?.map((rule) => rule.text)).toEqual([
      '0: from all lookup local',
      '32759: from all lookup [l3mdev-table]',
      '32761: not from 192.0.2.2 iif lo ipproto tcp dport_start 80 dport_end 90 lookup 101',
      '32762: from all fwmark 0x10 fwmask 0xff lookup 100',
      '32765: from all to 203.0.113.5 prohibit',
      '32766: from all lookup main',
    ]);
  });
});

describe('what is no JSON', () => {
  it.each(['', 'BusyBox v1.35.0\n\nUsage: ip [OPTIONS]', '{}', '[', 'null'])('%j', (text) => {
    for (const parse of [
      parseRoutes,
      parseRules,
      parseInterfaces,
      parseLinkCounters,
      parseNeighbours,
      parseNeighbourTables,
    ]) {
      expect(parse(text)).toBeUndefined();
    }
  });

  it('may hold things of another shape', () => {
    expect(parseNeighbours('[1,null,{}]')).toEqual([
      { address: '', device: '', mac: undefined, state: 'NONE' },
    ]);
    expect(parseRoutes('[{"dst":7}]')).toEqual([]);
  });
});

describe('parseStrictInterfaces', () => {
  const files = (all: number, eth0: number) =>
    `/proc/sys/net/ipv4/conf/all/rp_filter:${all}\n/proc/sys/net/ipv4/conf/default/rp_filter:1\n/proc/sys/net/ipv4/conf/eth0/rp_filter:${eth0}\n/proc/sys/net/ipv4/conf/lo/rp_filter:1\n`;
  it.each([
    [0, 0, []],
    [0, 1, ['eth0']],
    [1, 0, ['eth0']],
    [0, 2, []],
    // The greater one holds.
    [1, 2, []],
    [2, 1, []],
  ])('all %d, eth0 %d', (all, eth0, expected) => {
    expect(parseStrictInterfaces(files(all, eth0))).toEqual(expected);
  });
  it('is not known without the files', () => expect(parseStrictInterfaces('')).toBeUndefined());
});
