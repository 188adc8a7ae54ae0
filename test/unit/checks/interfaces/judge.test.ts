import { describe, expect, it } from 'vitest';
import type { InterfacesInput } from '../../../../src/checks/interfaces/facts.ts';
import { judgeInterfaces } from '../../../../src/checks/interfaces/judge.ts';
import { json, problemsOf, type RecordedRun, recorded, withOutput } from '../recorded-ways.ts';

const healthy = recorded<InterfacesInput>('interfaces-healthy');
const problems = ({ evidence, input }: RecordedRun<InterfacesInput>) =>
  problemsOf(judgeInterfaces(evidence, input));

interface Link {
  ifname: string;
  stats64: Record<'rx' | 'tx', Record<string, number>>;
}
interface Address {
  ifname: string;
  flags: string[];
  operstate: string;
  linkinfo?: { info_kind: string };
  addr_info: object[];
}

/** Both snapshots with these counters for eth0. */
const counters = (
  before: Record<string, number>,
  after: Record<string, number>,
  direction: 'rx' | 'tx' = 'rx',
) => {
  const set = (values: Record<string, number>) =>
    json<Link>((list) =>
      list.map((link) =>
        link.ifname === 'eth0'
          ? { ...link, stats64: { ...link.stats64, [direction]: { ...link.stats64[direction], ...values } } }
          : link,
      ),
    );
  return { 'links-before': set(before), 'links-after': set(after) };
};
const link = (change: Partial<Address>, name = 'eth0') => ({
  addresses: json<Address>((list) => list.map((i) => (i.ifname === name ? { ...i, ...change } : i))),
});
const also = (...more: Address[]) => ({ addresses: json<Address>((list) => [...list, ...more]) });
const down = (ifname: string, kind: string, addr_info: object[] = []): Address => ({
  ifname,
  flags: ['NO-CARRIER', 'BROADCAST', 'UP'],
  operstate: 'DOWN',
  linkinfo: { info_kind: kind },
  addr_info,
});
const GLOBAL = [{ family: 'inet', local: '192.0.2.5', prefixlen: 24, scope: 'global' }];

describe('NT-IF-002', () => {
  it.each([
    // packets, errors: more than 1 % of at least 50, and at least 2
    [198, 2, []],
    [197, 2, ['NT-IF-002 warning']],
    [49, 1, []],
    [48, 2, ['NT-IF-002 warning']],
    [47, 2, []],
    [1000, 10, []],
    [1000, 11, ['NT-IF-002 warning']],
  ])('%d packets and %d errors more', (packets, errors, expected) => {
    for (const direction of ['rx', 'tx'] as const) {
      const run = withOutput(
        healthy,
        counters(
          { packets: 5000, errors: 400 },
          { packets: 5000 + packets, errors: 400 + errors },
          direction,
        ),
      );
      expect(problems(run)).toEqual(expected);
    }
  });
});

describe('NT-IF-001', () => {
  it('is no carrier, or not up', () => {
    expect(problems(withOutput(healthy, link({ flags: ['NO-CARRIER', 'BROADCAST', 'UP'] })))).toEqual([
      'NT-IF-001 critical',
    ]);
    expect(problems(withOutput(healthy, link({ flags: ['BROADCAST'] })))).toEqual(['NT-IF-001 critical']);
    expect(problems(withOutput(healthy, link({ flags: ['UP', 'LOWER_UP'], operstate: 'UNKNOWN' })))).toEqual(
      [],
    );
  });

  it('does not mind what lacks no carrier', () => {
    const idle = [down('docker0', 'bridge', GLOBAL), down('tunl0', 'ipip'), down('tun0', 'tun', GLOBAL)];
    expect(problems(withOutput(healthy, also(...idle)))).toEqual([]);
    expect(problems(withOutput(healthy, also(down('net1', 'veth', GLOBAL))))).toEqual(['NT-IF-001 critical']);
    expect(problems(withOutput(healthy, also(down('net1', 'veth'))))).toEqual([]);
  });

  it('looks only at the node’s own link in the node’s namespace', () => {
    const run = withOutput(healthy, also(down('eno2', 'veth', GLOBAL)));
    expect(problems({ ...run, input: { ...run.input, hostNetwork: true } })).toEqual([]);
  });

  it.each([
    [4, []],
    [6, ['NT-IF-001 warning']],
  ])('carrier changes from 4 to %d', (changes, expected) => {
    const run = withOutput(healthy, counters({ carrier_changes: 4 }, { carrier_changes: changes }, 'tx'));
    expect(problems(run)).toEqual(expected);
  });
});
