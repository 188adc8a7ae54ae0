/** NT-FW-005 of another namespace of the machine, which has the destination's address. */
import { describe, expect, it } from 'vitest';
import type { FirewallInput } from '../../../../../src/checks/firewall/facts.ts';
import { followFirewall } from '../../../../../src/checks/firewall/follow-up.ts';
import { judgeFirewall } from '../../../../../src/checks/firewall/judge.ts';
import { PROBE_SCRIPTS } from '../../../../../src/probes/scripts.ts';
import { destination, evidence, remedyOf, result } from '../../results.ts';

const VIP = '198.18.79.100';
const MAC = 'ee:dd:ac:1d:2c:9e';
const SELF = { namespace: '', name: '', labels: {}, ports: [], hostNetwork: false };
const SILENT = 'try 400000\n';

/** As keepalived writes it in strict mode. */
const OWN = { family: 'ip', table: 'keepalived' };
const ruleset = (...more: readonly object[]): string =>
  JSON.stringify({
    nftables: [
      { table: { family: 'ip', name: 'keepalived', handle: 1 } },
      { set: { ...OWN, name: 'vips', type: 'ipv4_addr', elem: [VIP] } },
      { chain: { ...OWN, name: 'out', type: 'filter', hook: 'output', prio: -1, policy: 'accept' } },
      { chain: { ...OWN, name: 'in', type: 'filter', hook: 'input', prio: -1, policy: 'accept' } },
      ...more,
    ],
  });
const address = (field: string) => ({
  match: { op: '==', left: { payload: { protocol: 'ip', field } }, right: '@vips' },
});
const drop = (chain: string, field: string, ...more: readonly object[]) => ({
  rule: { ...OWN, chain, handle: 5, expr: [address(field), ...more, { drop: null }] },
});

interface Host {
  readonly nft?: string;
  readonly iptables?: string;
  readonly tries?: string;
  readonly mac?: string;
  readonly owns?: string;
  readonly again?: boolean;
  readonly via?: string;
  readonly isOnThisMachine?: boolean;
}

function run(host: Host) {
  const { nft = ruleset(drop('out', 'saddr')), iptables = '', tries = SILENT, mac = MAC, owns = VIP } = host;
  const link = [
    {
      ifname: 'eth0',
      ifindex: 2,
      address: mac,
      addr_info: [{ family: 'inet', local: owns, prefixlen: 32, scope: 'global' }],
    },
  ];
  const lines = (text: string): string =>
    text
      .split('\n')
      .filter((one) => one !== '')
      .map((one) => ` ${one}\n`)
      .join('');
  const holder = `namespace /run/netns/server\npart addresses\n ${JSON.stringify(link)}\npart nft-after\n ${nft}\npart iptables-after\n${lines(iptables)}part legacy-after\n`;
  const seen = evidence({
    'to0-reach': result(
      `address ${VIP}\nroute ${VIP} ${host.via ?? ''}dev eth0 src 198.18.79.1 uid 0\n${tries}`,
      { command: ['reach', 'tcp', VIP, '8080'], durationMs: 4000 },
    ),
    'reach-sockets': result(
      `SYN-SENT 0 1 198.18.79.1:44240 ${VIP}:8080\n\t bbr rto:1000 retrans:1/2 lost:1\n`,
    ),
    'icmp-errors': result('', { stderr: 'listening on any\n0 packets captured\n' }),
    neighbours: result(JSON.stringify([{ dst: VIP, dev: 'eth0', lladdr: MAC, state: ['REACHABLE'] }])),
    'to0-holder': result(host.again ? holder + holder.replace('/server', '/other') : holder),
  });
  const input: FirewallInput = {
    destinations: [destination({ label: `${VIP}:8080`, host: VIP, port: '8080' })],
    policies: { policies: [], self: SELF, pods: {}, services: [], unread: [] },
    ...(host.isOnThisMachine === false ? {} : { isOnThisMachine: true as const }),
  };
  return { seen, input };
}

function found(host: Host) {
  const { seen, input } = run(host);
  return judgeFirewall(seen, input).findings.filter(({ id }) => id === 'NT-FW-005');
}

const COUNTED = (packets: number): string =>
  `*filter\n:INPUT ACCEPT [9:600]\n[${packets}:240] -A INPUT -d ${VIP}/32 -p tcp -j DROP\nCOMMIT\n`;

describe('NT-FW-005 of the namespace that has the address', () => {
  it('is a rule that takes its answers', () => {
    const [one, ...more] = found({});
    expect(more).toEqual([]);
    expect(one?.severity).toBe('critical');
    expect(one?.summary).toMatch(
      /^TCP 198\.18\.79\.100:8080 is silent \(no answer within .*\), as the network namespace server of this machine, which has 198\.18\.79\.100, drops what it answers: nft table ip keepalived chain out: ip saddr @vips drop # handle 5\.$/,
    );
    const remedy = remedyOf(one);
    expect(remedy).toContain('nsenter --net=/run/netns/server nft delete rule ip keepalived out handle 5');
    expect(remedy).toContain('vrrp_strict');
  });

  it('is one that takes what comes to it, and has counted', () => {
    const [one] = found({ nft: ruleset(), iptables: COUNTED(4) });
    expect(one?.summary).toMatch(
      /drops what comes to it: iptables -t filter -A INPUT -d 198\.18\.79\.100\/32 -p tcp -j DROP\.$/,
    );
    expect(remedyOf(one)).toContain('nsenter --net=/run/netns/server iptables -t filter -D INPUT');
    expect(remedyOf(one)).not.toContain('keepalived');
  });

  it('is a policy', () => {
    const [one] = found({ nft: ruleset(), iptables: '*filter\n:INPUT DROP [7:420]\nCOMMIT\n' });
    expect(one?.summary).toMatch(/no rule accepts it, and the policy of iptables chain INPUT is drop\.$/);
  });

  it.each<[string, Host]>([
    ['nothing drops it', { nft: ruleset() }],
    ['a rule that could has counted nothing', { nft: ruleset(), iptables: COUNTED(0) }],
    ['the rule asks for what is not known', { nft: ruleset(drop('out', 'saddr', { limit: { rate: 5 } })) }],
    ['the address answers', { tries: 'try 400000\nok 310\n' }],
    ['another host has answered ARP', { mac: '02:00:00:00:00:01' }],
    ['it has another address', { owns: '198.18.79.2' }],
    ['two have both', { again: true }],
    [
      'it leads the connection elsewhere',
      {
        iptables: `*nat\n:PREROUTING ACCEPT [0:0]\n[3:180] -A PREROUTING -d ${VIP}/32 -j DNAT --to-destination 198.18.80.2\nCOMMIT\n`,
      },
    ],
  ])('is not where %s', (_why, host) => {
    expect(found(host)).toEqual([]);
  });
});

describe('the namespace is looked for', () => {
  const asked = (host: Host) => {
    const { seen, input } = run(host);
    return followFirewall(seen, input, PROBE_SCRIPTS).map(({ id, argv }) => [id, ...argv.slice(4)]);
  };

  it('where a neighbour is silent on this machine', () => {
    expect(asked({})).toEqual([['to0-holder', 'holder', VIP, MAC]]);
  });

  it.each<[string, Host]>([
    ['it answers', { tries: 'try 400000\nok 310\n' }],
    ['a router is between', { via: 'via 198.18.79.9 ' }],
    ['the target is elsewhere', { isOnThisMachine: false }],
  ])('and not where %s', (_why, host) => {
    expect(asked(host)).toEqual([]);
  });
});
