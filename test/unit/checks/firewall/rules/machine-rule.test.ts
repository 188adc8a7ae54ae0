/** NT-FW-005 of the machine that a namespace sends through. */
import { describe, expect, it } from 'vitest';
import { judgeFirewall } from '../../../../../src/checks/firewall/judge.ts';
import { destination, evidence, remedyOf, result } from '../../results.ts';

const SELF = { namespace: '', name: '', labels: {}, ports: [], hostNetwork: false };
const ADDRESSES = JSON.stringify([
  { ifname: 'lxcbr0', addr_info: [{ family: 'inet', local: '198.18.70.1', prefixlen: 24, scope: 'global' }] },
  { ifname: 'eth0', addr_info: [{ family: 'inet', local: '198.18.130.1', prefixlen: 24, scope: 'global' }] },
]);
const ROUTES = JSON.stringify([
  { dst: '198.18.70.0/24', dev: 'lxcbr0', scope: 'link' },
  { dst: '198.18.130.0/24', dev: 'eth0', scope: 'link' },
]);
const rules = (policy: string, packets: number, ...more: readonly string[]): string =>
  `*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ${policy} [${packets}:600]\n:DOCKER-USER - [0:0]\n${more.map((one) => `[${packets}:600] -A ${one}\n`).join('')}COMMIT\n`;
const SILENT = 'try 400000\n';

function found(
  before: string,
  after: string,
  tries = SILENT,
  host = '198.18.130.2',
  via = '198.18.70.1',
  nft?: string,
) {
  const save = { command: ['iptables-save', '-c'] };
  const run = evidence({
    'to0-reach': result(
      `address ${host}\nroute ${host} via ${via} dev eth0 src 198.18.70.2 uid 0\n${tries}`,
      { command: ['reach', 'tcp', host, '8080'], durationMs: 4000 },
    ),
    'reach-sockets': result(
      `SYN-SENT 0 1 198.18.70.2:44240 ${host}:8080\n\t bbr rto:1000 retrans:1/2 lost:1\n`,
    ),
    'icmp-errors': result('', { stderr: 'listening on any\n0 packets captured\n' }),
    'machine-iptables-before': result(before, save),
    'machine-iptables-after': result(after, save),
    ...(nft === undefined
      ? {}
      : { 'machine-nft-after': result(nft, { command: ['nft', '-j', 'list', 'ruleset'] }) }),
    'machine-addresses': result(ADDRESSES),
    'machine-routes': result(ROUTES),
  });
  const judged = judgeFirewall(run, {
    destinations: [destination({ label: 'web', host, port: '8080' })],
    policies: { policies: [], self: SELF, pods: {}, services: [], unread: [] },
    isBeside: true,
  });
  return judged.findings.filter(({ id }) => id === 'NT-FW-005');
}

describe('NT-FW-005 of this machine', () => {
  it('is a policy that counted', () => {
    const [one, ...more] = found(rules('DROP', 3), rules('DROP', 9));
    expect(more).toEqual([]);
    expect(one?.severity).toBe('critical');
    expect(one?.summary).toMatch(
      /^This machine itself, through which the target sends to web .*, stops it \(no answer within .*\): no rule accepts it, and the policy of iptables chain FORWARD is drop \(6 packets during the run\)\.$/,
    );
    expect(remedyOf(one)).toContain('iptables -I DOCKER-USER -i lxcbr0 -j ACCEPT');
  });

  it('is a policy of nft, which no rule of iptables gets by', () => {
    const own = { family: 'inet', table: 'filter' };
    const nftables = [
      { table: { family: 'inet', name: 'filter' } },
      { chain: { ...own, name: 'fwd', type: 'filter', hook: 'forward', prio: 0, policy: 'drop' } },
    ];
    const open = rules('ACCEPT', 3);
    const [one] = found(open, open, SILENT, undefined, undefined, JSON.stringify({ nftables }));
    expect(one?.summary).toContain('the policy of nft chain fwd of nft table inet filter is drop');
    expect(remedyOf(one)).toContain('nft insert rule inet filter fwd iifname lxcbr0 accept');
    expect(remedyOf(one)).not.toContain('iptables');
  });

  it('is a rule that counted, and how it is taken away', () => {
    const rule = 'FORWARD -s 198.18.70.0/24 -o eth0 -j DROP';
    const [one] = found(rules('ACCEPT', 3, rule), rules('ACCEPT', 9, rule));
    expect(one?.summary).toMatch(
      /: iptables -t filter -A FORWARD -s 198\.18\.70\.0\/24 -o eth0 -j DROP \(6 packets/,
    );
    expect(remedyOf(one)).toContain('iptables -t filter -D FORWARD');
  });

  it.each([
    ['its policy counted nothing', rules('DROP', 3), rules('DROP', 3), SILENT],
    ['it accepts', rules('ACCEPT', 3), rules('ACCEPT', 9), SILENT],
    ['DEST answers', rules('DROP', 3), rules('DROP', 9), 'try 400000\nok 310\n'],
    [
      'a rule may accept it',
      rules('DROP', 3, 'FORWARD -m mark --mark 0x7 -j ACCEPT'),
      rules('DROP', 9, 'FORWARD -m mark --mark 0x7 -j ACCEPT'),
      SILENT,
    ],
  ])('is silent where %s', (_what, before, after, tries) => {
    expect(found(before, after, tries)).toEqual([]);
  });

  it('is silent where another machine is the next hop', () => {
    expect(found(rules('DROP', 3), rules('DROP', 9), SILENT, '198.18.130.2', '198.18.70.254')).toEqual([]);
  });
});
