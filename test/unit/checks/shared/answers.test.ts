/** Where answers go: routing rules and filters of a namespace, by what is known of an answer. */
import { describe, expect, it } from 'vitest';
import { type AnswerWays, fateOf } from '../../../../src/checks/shared/answers.ts';
import { parseRoutes, parseRules } from '../../../../src/parsers/ip-route.ts';
import { parseIptablesTables } from '../../../../src/parsers/iptables-tables.ts';

const ROUTES = [
  { type: 'local', dst: '172.18.0.2', dev: 'eth0', table: 'local' },
  { dst: 'default', gateway: '172.18.0.1', dev: 'eth0' },
  { dst: '172.18.0.0/16', dev: 'eth0', prefsrc: '172.18.0.2' },
  { dst: 'default', dev: 'wg0', table: '51820' },
  { dst: 'default', gateway: '172.18.0.1', dev: 'eth0', table: '200' },
];
const LOCAL = { priority: 0, src: 'all', table: 'local' };
const MAIN = { priority: 32_766, src: 'all', table: 'main' };
const TUNNEL = { priority: 101, not: null, src: 'all', fwmark: '0xca6c', table: '51820' };
const SUPPRESS = { priority: 100, src: 'all', table: 'main', suppress_prefixlen: 0 };
const PAST = { priority: 50, src: '172.18.0.2', table: '200' };

const ways = (rules: readonly object[], filter: readonly string[] = []): AnswerWays => ({
  rules: parseRules(JSON.stringify(rules)) ?? [],
  routes: parseRoutes(JSON.stringify(ROUTES)) ?? [],
  books: [
    {
      tool: 'iptables',
      tables: parseIptablesTables([...filter, 'COMMIT'].join('\n')),
      command: ['iptables-save'],
    },
  ],
});
const OUTPUT = ['*filter', ':OUTPUT ACCEPT [0:0]'];
const asked = (client: string) => ({ client, address: '172.18.0.2', port: 8080, protocol: 'tcp' }) as const;
const LAN = asked('192.168.1.7');

describe('routing rules', () => {
  it.each([
    ['of a container without a tunnel', [LOCAL, MAIN], undefined],
    ['that lead all but marked packets into the tunnel', [LOCAL, TUNNEL, MAIN], 'wg0'],
    ['that leave more than default routes of main', [LOCAL, SUPPRESS, TUNNEL, MAIN], 'wg0'],
    ['one of which leads what it answers past it', [LOCAL, PAST, TUNNEL, MAIN], undefined],
    [
      'one of which asks for a user',
      [LOCAL, { ...PAST, uid_start: 0, uid_end: 99 }, TUNNEL, MAIN],
      undefined,
    ],
  ])('%s', (_title, rules, device) => {
    expect(fateOf(ways(rules), LAN)).toEqual(
      device === undefined ? undefined : expect.objectContaining({ kind: 'elsewhere', device, own: 'eth0' }),
    );
  });

  it('of its own network, which is no default route', () => {
    expect(fateOf(ways([LOCAL, SUPPRESS, TUNNEL, MAIN]), asked('172.18.0.1'))).toBeUndefined();
    expect(fateOf(ways([LOCAL, TUNNEL, MAIN]), asked('172.18.0.1'))).toMatchObject({ device: 'wg0' });
  });
});

describe('filters', () => {
  const KILL = '[0:0] -A OUTPUT ! -o wg0 -m mark ! --mark 0xca6c -m addrtype ! --dst-type LOCAL -j REJECT';
  it.each([
    ['a kill switch', [KILL], true],
    ['a policy that drops', ['policy'], true],
    [
      'answers that are let pass before',
      ['[0:0] -A OUTPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT', KILL],
      false,
    ],
    [
      'first packets that are let pass before',
      ['[0:0] -A OUTPUT -m conntrack --ctstate NEW -j ACCEPT', KILL],
      true,
    ],
    ['what answers from that port', ['[0:0] -A OUTPUT -p tcp -m tcp --sport 8080 -j DROP'], true],
    ['what answers from another port', ['[0:0] -A OUTPUT -p tcp -m tcp --sport 9090 -j DROP'], false],
    ['a rule that asks for a user', ['[0:0] -A OUTPUT -m owner --uid-owner 1000 -j DROP'], false],
    ['what carries a mark', ['[0:0] -A OUTPUT -m mark --mark 0x1/0xff -j DROP'], false],
  ])('%s', (_title, rules, isStopped) => {
    const chain = rules[0] === 'policy' ? ['*filter', ':OUTPUT DROP [0:0]'] : [...OUTPUT, ...rules];
    expect(fateOf(ways([LOCAL, MAIN], chain), LAN)?.kind).toBe(isStopped ? 'stopped' : undefined);
  });

  it('says nothing where somebody sets marks for it', () => {
    const marks = ['*mangle', ':OUTPUT ACCEPT [0:0]', '[0:0] -A OUTPUT -j CONNMARK --restore-mark'];
    expect(fateOf(ways([LOCAL, TUNNEL, MAIN], marks), LAN)).toBeUndefined();
    const ofUdp = [
      '*mangle',
      ':PREROUTING ACCEPT [0:0]',
      '[0:0] -A PREROUTING -p udp -j CONNMARK --restore-mark',
    ];
    expect(fateOf(ways([LOCAL, TUNNEL, MAIN], ofUdp), LAN)).toMatchObject({ device: 'wg0' });
  });
});
