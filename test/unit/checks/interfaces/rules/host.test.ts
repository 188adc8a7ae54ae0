import { describe, expect, it } from 'vitest';
import { judgeInterfaces } from '../../../../../src/checks/interfaces/judge.ts';
import type { Evidence, ProbeResult } from '../../../../../src/model/evidence.ts';

const result = (id: string, stdout: string): ProbeResult => ({
  id,
  command: [id],
  status: 'exited',
  code: 0,
  durationMs: 1,
  stdout,
  stderr: '',
  truncated: false,
});

/** Counters as `ip -s -s` prints them, of the interface with the default route and of one that nobody needs. */
const links = (missed: number): string =>
  JSON.stringify(
    ['eth0', 'spare0'].map((ifname) => ({
      ifname,
      stats64: { rx: { packets: 100, errors: 0, missed_errors: missed }, tx: { packets: 100, errors: 0 } },
    })),
  );
const ADDRESSES = JSON.stringify(
  ['eth0', 'spare0'].map((ifname, i) => ({
    ifname,
    ifindex: i + 2,
    flags: ['UP', 'LOWER_UP'],
    addr_info: [],
  })),
);
const ROUTES = JSON.stringify([{ dst: 'default', gateway: '192.0.2.1', dev: 'eth0', type: 'unicast' }]);

/** Two CPUs; the columns of Linux 6.18 after the third are left as they were read there. */
const softnet = (dropped: number, squeezed = 1): string => {
  const hex = (n: number): string => n.toString(16).padStart(8, '0');
  const row = (d: number, s: number): string => `${hex(5000)} ${hex(d)} ${hex(s)} 00000000 00000000`;
  return `${row(dropped, squeezed)}\n${row(0, 0)}\n`;
};

/**
 * ethtool -S of the ENA driver, by the counters' names in its documentation (no such hardware was at hand): after them
 * come the queues'.
 */
const ena = (counters: Readonly<Record<string, number>>): string =>
  [
    'interface eth0',
    'NIC statistics:',
    '     total_resets: 0',
    ...Object.entries(counters).map(([name, value]) => `     ${name}: ${value}`),
    '     queue_0_tx_cnt: 1234',
    '',
  ].join('\n');

const QUIET = {
  bw_in_allowance_exceeded: 7,
  bw_out_allowance_exceeded: 0,
  pps_allowance_exceeded: 0,
  conntrack_allowance_exceeded: 0,
  linklocal_allowance_exceeded: 0,
  conntrack_allowance_available: 136812,
};

interface Pair {
  readonly missed?: readonly [number, number];
  readonly dropped?: readonly [number, number];
  readonly nics?: readonly [string, string];
  readonly hostNetwork?: boolean;
  /** Of the two CPUs. */
  readonly load?: string;
}

function judged({
  missed = [3, 3],
  dropped = [5, 5],
  nics = [ena(QUIET), ena(QUIET)],
  hostNetwork = true,
  load = '2.00',
}: Pair) {
  const evidence: Evidence = {
    addresses: result('addresses', ADDRESSES),
    routes: result('routes', ROUTES),
    'links-before': result('links-before', links(missed[0])),
    'links-after': result('links-after', links(missed[1])),
    ...(hostNetwork
      ? {
          'softnet-before': result('softnet-before', softnet(dropped[0])),
          'softnet-after': result('softnet-after', softnet(dropped[1], 9)),
          load: result('load', `${load} 3.00 4.00 5/678 9012\n`),
          'nics-before': result('nics-before', nics[0]),
          'nics-after': result('nics-after', nics[1]),
        }
      : {}),
  };
  return judgeInterfaces(evidence, { destinations: [], podIps: [], hostNetwork });
}

describe('NT-IF-003', () => {
  const found = (pair: Pair) => judged(pair).findings.filter(({ id }) => id === 'NT-IF-003');

  it('is silent about what was exceeded before', () => {
    expect(found({})).toEqual([]);
  });

  it.each(Object.keys(QUIET).filter((name) => name.endsWith('_exceeded')))('names %s', (name) => {
    const was = QUIET[name as keyof typeof QUIET];
    const [finding, ...more] = found({ nics: [ena(QUIET), ena({ ...QUIET, [name]: was + 10 })] });
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ severity: 'warning' });
    expect(finding?.summary).toMatch(/^eth0 exceeded the provider's limit for .* \(10 packets\)/);
    expect(finding?.evidence[0]?.excerpt).toBe(`eth0 ${name}: ${was} before, ${was + 10} after`);
  });

  it.each([
    ['pps_allowance_exceeded', 'info'],
    ['bw_in_allowance_exceeded', 'info'],
    ['conntrack_allowance_exceeded', 'warning'],
    ['linklocal_allowance_exceeded', 'warning'],
  ])('takes a handful of %s for %s', (name, severity) => {
    const was = QUIET[name as keyof typeof QUIET];
    expect(found({ nics: [ena(QUIET), ena({ ...QUIET, [name]: was + 9 })] })).toMatchObject([{ severity }]);
  });

  it('takes no gauge for a counter', () => {
    expect(found({ nics: [ena(QUIET), ena({ ...QUIET, conntrack_allowance_available: 999_999 })] })).toEqual(
      [],
    );
  });

  it('says that it was not measured without ethtool', () => {
    const { findings } = judged({ nics: ['no ethtool\n', 'no ethtool\n'] });
    expect(findings.map(({ summary }) => summary)).toEqual([
      "the counters of the hardware's drivers (NT-IF-003): the image has no ethtool.",
    ]);
  });

  it('is silent on a machine whose interfaces have no hardware', () => {
    expect(judged({ nics: ['', ''] }).findings).toEqual([]);
  });
});

describe('NT-IF-004', () => {
  const found = (pair: Pair) => judged(pair).findings.filter(({ id }) => id === 'NT-IF-004');

  it('is silent about what was dropped before, and about time that was used up', () => {
    expect(found({})).toEqual([]);
    expect(judged({}).measurements['softnet']).toEqual({ processed: 0, dropped: 0, squeezed: 8 });
  });

  it('tells what the CPUs dropped', () => {
    const [finding, ...more] = found({ dropped: [5, 15] });
    expect(more).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'warning',
      summary:
        "The node dropped what it received, before anything looked at it: a CPU's backlog queue was full for 10 packets.",
    });
    expect(finding?.evidence[0]?.excerpt).toContain('5 before, 15 after');
  });

  it.each([
    ['19.99', 'warning'],
    ['20.00', 'info'],
  ])('puts them down to its CPUs where enough tasks wait for each: at a load of %s %s', (load, severity) => {
    const [finding, ...more] = found({ dropped: [5, 5000], load });
    expect(more).toEqual([]);
    expect(finding?.severity).toBe(severity);
    expect(finding?.summary.includes('10 tasks ran or waited for each of its CPUs')).toBe(
      severity === 'info',
    );
  });

  it('takes a handful for one burst', () => {
    expect(found({ dropped: [5, 14], missed: [3, 12] })).toMatchObject([{ severity: 'info' }]);
    expect(judged({ dropped: [5, 14] }).status).toBe('pass');
  });

  it('tells what the card missed, on an interface that is needed', () => {
    const [finding, ...more] = found({ missed: [3, 13] });
    expect(finding?.severity).toBe('warning');
    expect(more).toEqual([]);
    expect(finding?.summary).toContain('eth0 had no buffer for 10 packets');
    expect(finding?.summary).not.toContain('spare0');
  });

  it('is no question for a pod', () => {
    expect(found({ missed: [3, 5], hostNetwork: false })).toEqual([]);
  });
});
