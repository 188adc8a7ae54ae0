/** NT-DKR-035 and what of podman's host is judged, by walks through rules that are written by hand. */
import { describe, expect, it } from 'vitest';
import type { DockerInput } from '../../../../src/checks/docker/facts.ts';
import { judgeDocker } from '../../../../src/checks/docker/judge.ts';
import { evidence, remedyOf, result } from '../results.ts';
import { input, lan } from './build.ts';

const WEB = input({ published: [{ port: 8080, protocol: 'tcp', hostAddress: '0.0.0.0', hostPort: 18080 }] });
const ADDRESSES = JSON.stringify([
  { ifname: 'br0', addr_info: [{ family: 'inet', local: '198.18.144.1', prefixlen: 24, scope: 'global' }] },
  { ifname: 'eth0', addr_info: [{ family: 'inet', local: '198.51.100.9', prefixlen: 24, scope: 'global' }] },
]);
const ROUTES = JSON.stringify([
  { dst: 'default', gateway: '198.51.100.1', dev: 'eth0' },
  { dst: '198.18.144.0/24', dev: 'br0', scope: 'link' },
]);
const NAT = `*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
[0:0] -A PREROUTING -p tcp -m tcp --dport 18080 -j DNAT --to-destination 198.18.144.2:8080
[0:0] -A POSTROUTING -s 198.18.144.0/24 ! -o br0 -j MASQUERADE
COMMIT
`;
const filter = (...rules: readonly string[]): string =>
  `*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:ban - [0:0]\n${rules.map((rule) => `[3:180] -A ${rule}\n`).join('')}COMMIT\n`;

function judged(rules: string, asked: DockerInput = WEB) {
  const save = result(rules, { command: ['iptables-save', '-c'] });
  const run = evidence({
    'resolv-conf': result('nameserver 198.18.144.1\n'),
    'host-iptables-before': save,
    'host-iptables-after': save,
    'host-nft-before': result('{"nftables":[]}'),
    'host-nft-after': result('{"nftables":[]}'),
    'host-addresses': result(ADDRESSES),
    'host-routes': result(ROUTES),
    'host-listeners': result('tcp LISTEN 0 9 0.0.0.0:18080 0.0.0.0:*\n'),
    'host-forwarding': result(
      '/proc/sys/net/ipv4/conf/all/forwarding:1\n/proc/sys/net/ipv4/conf/br0/forwarding:1\n',
    ),
  });
  return judgeDocker(run, { ...asked, proxies: [] }).findings;
}

describe('NT-DKR-035', () => {
  const of = (...rules: readonly string[]) =>
    judged(`${NAT}${filter(...rules)}`).filter(({ id }) => id === 'NT-DKR-035');

  it('is of a rule that names the port, itself or by the rule that leads there', () => {
    expect(of('INPUT -p tcp -m tcp --dport 18080 -j DROP')).toMatchObject([{ severity: 'info' }]);
    const [ban] = of('INPUT -p tcp -m multiport --dports 443,18080 -j ban', 'ban -s 192.0.2.7/32 -j REJECT');
    expect(ban?.summary).toMatch(
      /^-t filter -A ban -s 192\.0\.2\.7\/32 -j REJECT is in the host's chain INPUT, /,
    );
  });

  it.each([
    ['a rule about another port', 'INPUT -p tcp -m tcp --dport 22 -j DROP'],
    ['a rule about all of them', 'INPUT -m conntrack --ctstate INVALID -j DROP'],
    ['a rule that accepts it', 'INPUT -p tcp -m tcp --dport 18080 -j ACCEPT'],
    [
      'a rule of FORWARD, where it decides',
      'FORWARD -d 198.18.144.2/32 -p tcp -m tcp --dport 8080 -j ACCEPT',
    ],
  ])('is silent about %s', (_what, rule) => {
    expect(of(rule)).toEqual([]);
  });

  it('is silent where nothing leads the port to a container: INPUT decides then', () => {
    const rules = `${NAT.replace(/.*DNAT.*\n/, '')}${filter('INPUT -p tcp -m tcp --dport 18080 -j DROP')}`;
    expect(judged(rules).filter(({ id }) => id === 'NT-DKR-035')).toEqual([]);
  });
});

describe("podman's host", () => {
  const kept: DockerInput = {
    ...WEB,
    container: 'kept',
    networks: [{ ...lan, name: 'podman' }],
    isPodman: true,
  };
  const problems = (rules: string) => judged(rules, kept).filter(({ severity }) => severity !== 'info');

  it('is silent with its rules', () => {
    expect(problems(`${NAT}${filter()}`)).toEqual([]);
  });

  it('lacks them after a reload of the firewall, and podman is to write them again', () => {
    const found = problems(`*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\nCOMMIT\n${filter()}`);
    expect(found.map(({ id, severity }) => `${id} ${severity}`)).toEqual([
      'NT-DKR-012 critical',
      'NT-DKR-008 critical',
    ]);
    for (const one of found) expect(remedyOf(one)).toContain('podman network reload kept');
  });

  it('is told by its own words where a policy stops all', () => {
    const [found] = problems(`${NAT}${filter().replace(':FORWARD ACCEPT', ':FORWARD DROP')}`);
    expect(found?.id).toBe('NT-DKR-009');
    expect(remedyOf(found)).toContain('podman network reload --all');
  });
});
