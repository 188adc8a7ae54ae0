import { describe, expect, it } from 'vitest';
import { judgeRouting } from '../../../../../src/checks/routing/judge.ts';
import { evidence, remedyOf, result } from '../../results.ts';

const UPLINKS = [1, 2].flatMap((i) => [
  { type: 'unicast', dst: 'default', gateway: `198.18.25${i}.1`, dev: `up${i}`, metric: i * 100 },
  { type: 'unicast', dst: `198.18.25${i}.0/24`, dev: `up${i}`, protocol: 'kernel', scope: 'link' },
  { type: 'local', dst: `198.18.25${i}.2`, dev: `up${i}`, table: 'local', protocol: 'kernel', scope: 'host' },
]);
const OWN_TABLE = { type: 'unicast', dst: 'default', gateway: '198.18.252.1', dev: 'up2', table: '102' };
const LOCAL = { priority: 0, src: 'all', table: 'local' };
const MAIN = { priority: 32766, src: 'all', table: 'main' };
const BY_SOURCE = { priority: 32765, src: '198.18.252.2', table: '102' };

const half = (peer: string, again = 3, local = '198.18.252.2') =>
  `SYN-RECV 0 0 ${local}:8080 ${peer}:40000 timer:(on,1sec,${again})\n`;

interface Host {
  readonly sockets?: string;
  readonly routes?: readonly object[];
  readonly rules?: readonly object[];
  readonly iptables?: string;
  readonly isHost?: boolean;
  readonly links?: readonly object[];
}

/** As `ip -j -d addr show` has it. */
const link = (ifname: string, kind?: string, flags: readonly string[] = ['BROADCAST', 'UP']) => ({
  ifname,
  flags,
  ...(kind === undefined ? {} : { linkinfo: { info_kind: kind } }),
  addr_info: [],
});
const held = (dev: string): readonly object[] => [
  ...UPLINKS,
  { type: 'local', dst: '203.0.113.9', dev, table: 'local', protocol: 'kernel', scope: 'host' },
];
const HELD = half('198.19.1.1', 3, '203.0.113.9');
const BEHIND_BRIDGE = [
  ...UPLINKS,
  { type: 'unicast', dst: '198.18.253.0/24', dev: 'br-x', protocol: 'kernel', scope: 'link' },
];

function found({
  sockets = half('198.19.1.1'),
  routes = UPLINKS,
  rules = [LOCAL, MAIN],
  iptables,
  isHost = true,
  links,
}: Host) {
  return judgeRouting(
    evidence({
      routes: result(JSON.stringify(routes)),
      rules: result(JSON.stringify(rules)),
      'odd-sockets': result(sockets),
      ...(links === undefined ? {} : { addresses: result(JSON.stringify(links)) }),
      ...(iptables === undefined ? {} : { iptables: result(iptables, { command: ['iptables-save', '-c'] }) }),
    }),
    { destinations: [], pod: { addresses: [], hostNetwork: isHost } },
  ).findings.filter(({ severity }) => severity !== 'info');
}

describe('NT-RT-020', () => {
  it('is of a client whose answers leave by the other uplink', () => {
    const [first, ...others] = found({ sockets: half('198.19.1.1') + half('198.19.1.7', 6) });
    expect(others).toEqual([]);
    expect(first).toMatchObject({ id: 'NT-RT-020', severity: 'warning', subject: '198.18.252.2' });
    expect(first?.summary).toBe(
      '198.19.1.1, 198.19.1.7 connect to 198.18.252.2, the address of up2, and the answer leaves by up1 ("default via 198.18.251.1 dev up1 metric 100"): it was sent again 6 times, and the handshake is not complete.',
    );
    expect(remedyOf(first)).toMatch(
      /ip route add default via 198\.18\.252\.1 dev up2 table 102\n.*ip rule add from 198\.18\.252\.2 lookup 102$/,
    );
  });

  it.each([
    ['the uplinks are hardware', [link('up1'), link('up2')], UPLINKS, '198.19.1.1'],
    [
      'the client is a neighbour on the other uplink',
      [link('up1'), link('up2'), link('br-x', 'vlan')],
      BEHIND_BRIDGE,
      '198.18.253.5',
    ],
  ])('is told where %s', (_why, links, routes, client) => {
    expect(found({ links, routes, sockets: half(client) })[0]).toMatchObject({ id: 'NT-RT-020' });
  });

  it('has no command where no route shows the router of that uplink', () => {
    const routes = UPLINKS.filter(({ gateway }) => gateway !== '198.18.252.1');
    expect(remedyOf(found({ routes })[0])).toMatch(/No default route by up2 shows its router here\./);
  });

  it.each<[string, Host]>([
    [
      'a rule leads what comes from the address',
      { routes: [...UPLINKS, OWN_TABLE], rules: [LOCAL, BY_SOURCE, MAIN] },
    ],
    ['the answer was not sent again', { sockets: half('198.19.1.1', 0) }],
    ['it came to the address of the first uplink', { sockets: half('198.19.1.1', 3, '198.18.251.2') }],
    ['the client is on the link of the address', { sockets: half('198.18.252.9') }],
    ['the handshake is the own', { sockets: half('198.19.1.1').replace('RECV', 'SENT') }],
    [
      'rules ask for marks',
      { rules: [LOCAL, { priority: 9, src: 'all', fwmark: '0x1', table: '102' }, MAIN] },
    ],
    [
      'iptables marks what is answered',
      { iptables: '*mangle\n:OUTPUT ACCEPT [0:0]\n[0:0] -A OUTPUT -j CONNMARK --restore-mark\nCOMMIT\n' },
    ],
    ['the sockets could not be read', { sockets: 'no ss\n' }],
    [
      'the address is one of loopback, as of LVS and of routing daemons',
      { routes: held('lo'), sockets: HELD, links: [link('lo', undefined, ['LOOPBACK', 'UP']), link('up1')] },
    ],
    [
      'the address is that of a dummy',
      { routes: held('dummy0'), sockets: HELD, links: [link('dummy0', 'dummy'), link('up1')] },
    ],
    [
      'the address is that of VRRP',
      { routes: held('vrrp.51'), sockets: HELD, links: [link('vrrp.51', 'macvlan'), link('up1')] },
    ],
    [
      'the client is a container that asks for another address of its host',
      {
        routes: BEHIND_BRIDGE,
        sockets: half('198.18.253.5'),
        links: [link('up1'), link('up2'), link('br-x', 'bridge')],
      },
    ],
  ])('is silent where %s', (_why, host) => {
    expect(found(host)).toEqual([]);
  });
});
