import { describe, expect, it } from 'vitest';
import { judgeRouting } from '../../../../../src/checks/routing/judge.ts';
import { evidence, result } from '../../results.ts';

const ROUTES = [
  { type: 'unicast', dst: 'default', gateway: '198.51.100.1', dev: 'eth0' },
  { type: 'unicast', dst: '203.0.113.0/24', gateway: '198.18.8.1', dev: 'eth1', table: '100' },
];
const MAIN = [
  { priority: 0, src: 'all', table: 'local' },
  { priority: 32766, src: 'all', table: 'main' },
];
const BY_MARK = { priority: 100, src: 'all', fwmark: '0x3e8', table: '100' };

interface Host {
  readonly rule?: object;
  readonly more?: readonly object[];
  readonly strict?: string;
  readonly all?: number;
  readonly marked?: string;
  readonly dropped?: number;
}

function found({ rule = BY_MARK, more = [], strict = 'eth1', all = 0, marked = '', dropped = 3 }: Host) {
  const counters = (n: number): string => `TcpExt: IPReversePathFilter\nTcpExt: ${n}\n`;
  const settings = ['all', 'eth0', 'eth1'].flatMap((name) => [
    `/proc/sys/net/ipv4/conf/${name}/rp_filter:${name === 'all' ? all : name === strict ? 1 : 0}\n`,
    `/proc/sys/net/ipv4/conf/${name}/src_valid_mark:${name === marked ? 1 : 0}\n`,
  ]);
  const run = evidence({
    routes: result(JSON.stringify(ROUTES)),
    rules: result(JSON.stringify([...MAIN, rule, ...more])),
    rules6: result('[]'),
    'rp-filter': result(settings.join('')),
    'counters-before': result(counters(0)),
    'counters-after': result(counters(dropped)),
  });
  const input = { destinations: [], pod: { addresses: [], hostNetwork: true } };
  return judgeRouting(run, input)
    .findings.filter(({ id }) => id === 'NT-RT-021')
    .map(({ id, severity }) => `${id} ${severity}`);
}

describe('NT-RT-021', () => {
  it('is a warning where the filter has dropped something, else an info', () => {
    expect(found({})).toEqual(['NT-RT-021 warning']);
    expect(found({ dropped: 0 })).toEqual(['NT-RT-021 info']);
  });

  it('is of rules by the interface that a packet came in by as well', () => {
    expect(found({ rule: { priority: 100, src: 'all', iif: 'cni0', table: '100' } })).toEqual([
      'NT-RT-021 warning',
    ]);
  });

  it.each<[string, Host]>([
    ['the filter of that interface is not strict', { strict: 'eth0' }],
    ['it is loose by that of all', { all: 2 }],
    ['it knows marks', { marked: 'eth1' }],
    [
      'the rule leads by the source, which the filter knows',
      { rule: { ...BY_MARK, fwmark: undefined, src: '198.18.7.2' } },
    ],
    ['the rule is for what has no such mark', { rule: { ...BY_MARK, not: null } }],
    ['the target itself is meant', { rule: { priority: 100, src: 'all', iif: 'lo', table: '100' } }],
    ['the table is main', { rule: { ...BY_MARK, table: 'main' } }],
    [
      'another rule leads the way back',
      { more: [{ priority: 99, src: 'all', dst: '203.0.113.0', dstlen: 24, table: '100' }] },
    ],
    [
      'a rule before it asks for what is not known',
      { more: [{ priority: 99, src: '198.18.7.0', srclen: 24, table: '100' }] },
    ],
  ])('is silent where %s', (_what, host) => {
    expect(found(host)).toEqual([]);
  });
});
