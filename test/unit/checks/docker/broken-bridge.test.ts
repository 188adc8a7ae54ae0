import { describe, expect, it } from 'vitest';
import type { DockerInput, DockerNetwork } from '../../../../src/checks/docker/facts.ts';
import { judgeDocker } from '../../../../src/checks/docker/judge.ts';
import type { Occurrence } from '../../../../src/model/finding.ts';
import { recording } from '../../../recordings/recordings.ts';
import { destination, evidence, result } from '../results.ts';
import { input, lan } from './build.ts';

const RULES = recording('docker-host-rules').stdout;
const BRIDGE = /-s 198\.18\.144\.0\/24 ! -o (br-\w+)/.exec(RULES)?.[1] ?? '';
const network: DockerNetwork = { ...lan, bridge: BRIDGE };

const inet = (local: string, prefixlen: number) => ({ family: 'inet', local, prefixlen, scope: 'global' });

interface Host {
  /** The bridge; `null`: it is gone. */
  readonly bridge?: object | null;
  /** The host's end of the container's interface. */
  readonly end?: object;
  /** Of that end. */
  readonly state?: string;
  /** The container's own interface. */
  readonly own?: object;
  readonly reach?: string;
}

function judge(
  { bridge = {}, end = {}, state = 'forwarding', own = {}, reach }: Host,
  more: Partial<DockerInput> = {},
): readonly Occurrence[] {
  const flags = ['BROADCAST', 'MULTICAST', 'UP', 'LOWER_UP'];
  const interfaces = [
    { ifname: 'eth0', ifindex: 2, flags, addr_info: [inet('198.51.100.7', 24)] },
    ...(bridge === null
      ? []
      : [
          {
            ...{ ifname: BRIDGE, ifindex: 4, flags, linkinfo: { info_kind: 'bridge' } },
            addr_info: [inet('198.18.144.1', 24)],
            ...bridge,
          },
        ]),
    {
      ...{ ifname: 'veth1a2b3c4', ifindex: 8, link_index: 7, flags, master: BRIDGE },
      linkinfo: { info_kind: 'veth', info_slave_kind: 'bridge', info_slave_data: { state } },
      addr_info: [],
      ...end,
    },
  ];
  const inside = [
    {
      ...{ ifname: 'eth0', ifindex: 7, link_index: 8, flags, linkinfo: { info_kind: 'veth' } },
      addr_info: [inet('198.18.144.2', 24)],
      ...own,
    },
  ];
  const save = { command: ['iptables-save', '-c'] };
  const routes = [
    { dst: 'default', gateway: '198.51.100.1', dev: 'eth0' },
    { dst: '198.18.144.0/24', dev: BRIDGE, scope: 'link' },
  ];
  const all = evidence({
    'resolv-conf': result('nameserver 127.0.0.11\n'),
    'own-interfaces': result(JSON.stringify(inside)),
    'host-iptables-before': result(RULES, save),
    'host-iptables-after': result(RULES, save),
    'host-legacy-before': result('', save),
    'host-legacy-after': result('', save),
    'host-nft-before': result('{"nftables":[]}'),
    'host-nft-after': result('{"nftables":[]}'),
    'host-addresses': result(JSON.stringify(interfaces)),
    'host-routes': result(JSON.stringify(routes)),
    ...(reach === undefined
      ? {}
      : { 'to0-reach': result(reach, { command: ['reach', 'tcp', 'x', '80'], durationMs: 4000 }) }),
  });
  return judgeDocker(all, input({ networks: [network], ...more })).findings.filter(
    ({ id }) => id === 'NT-DKR-036',
  );
}

const says = (found: readonly Occurrence[]): string[] => found.map(({ summary }) => summary);
const bare = { addr_info: [{ family: 'inet6', local: 'fe80::1', prefixlen: 64, scope: 'link' }] };
const alone = { master: undefined, linkinfo: { info_kind: 'veth' } };
const down = { flags: ['BROADCAST', 'MULTICAST'] };

describe('NT-DKR-036', () => {
  it('is silent of what Docker made', () => {
    expect(judge({})).toEqual([]);
  });

  it.each([
    [{ bridge: null }, `the bridge ${BRIDGE} is not there`],
    [{ bridge: down }, `the bridge ${BRIDGE} is down`],
    [
      { bridge: bare },
      `the bridge ${BRIDGE} has no IPv4 address (it should have that of the gateway, 198.18.144.1)`,
    ],
    [
      { end: alone },
      `veth1a2b3c4, the host's end of the container's interface, is plugged into no bridge (it should be of ${BRIDGE})`,
    ],
    [
      { end: { master: 'br0' } },
      `veth1a2b3c4, the host's end of the container's interface, is a part of br0 (it should be of ${BRIDGE})`,
    ],
    [{ end: down }, "veth1a2b3c4, the host's end of the container's interface, is down"],
    [
      { state: 'listening' },
      `veth1a2b3c4, the port of the bridge ${BRIDGE} that leads to the container, is listening, and does not forward yet: the bridge has a spanning tree (STP)`,
    ],
  ])('names what is wrong: %j', (host, words) => {
    expect(says(judge(host))).toEqual([
      `The Docker host's end of network lan is not as Docker made it: ${words}.`,
    ]);
  });

  it('quotes the line that shows it', () => {
    expect(judge({ bridge: bare })[0]?.evidence[0]?.excerpt).toBe(
      `${BRIDGE}: <BROADCAST,MULTICAST,UP,LOWER_UP>`,
    );
  });

  it('is silent of a bridge that was to have no address', () => {
    expect(judge({ bridge: bare }, { networks: [{ ...network, isBridgeBare: true }] })).toEqual([]);
    expect(judge({ bridge: bare }, { networks: [{ ...network, gateway: '' }] })).toEqual([]);
  });

  it('is silent of a bridge without an address where another router leads outside', () => {
    const to = { destinations: [destination({ label: 'far:80', host: '203.0.113.9', port: '80' })] };
    const way = 'route 203.0.113.9 via 198.18.144.1 dev eth0 src 198.18.144.2 uid 0';
    const reach = `address 203.0.113.9\n${way}\ntry 400000\nok 600\n`;
    expect(judge({ bridge: bare, reach }, to)).toEqual([]);
    expect(judge({ bridge: bare, reach: reach.replace('ok 600\n', '') }, to)).toHaveLength(1);
  });

  it('takes an interface of the same number for no end of this one', () => {
    expect(judge({ end: { ...alone, link_index: 9 } })).toEqual([]);
    expect(judge({ end: { ...alone, linkinfo: { info_kind: 'bridge' } } })).toEqual([]);
    expect(judge({ end: alone, own: { linkinfo: { info_kind: 'macvlan' } } })).toEqual([]);
  });

  it("says nothing of the host's end where the container's own is down, which disables its port", () => {
    expect(judge({ own: down, state: 'disabled' })).toEqual([]);
    expect(judge({ state: 'disabled' })).toHaveLength(1);
  });

  it('is silent where the name of the bridge is not known, as of other engines', () => {
    expect(judge({ bridge: null }, { networks: [lan] })).toEqual([]);
    expect(judge({ bridge: null }, { isPodman: true })).toEqual([]);
  });
});
