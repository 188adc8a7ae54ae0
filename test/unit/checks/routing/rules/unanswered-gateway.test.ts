/** NT-RT-023: the node of Calico's pods. */
import { describe, expect, it } from 'vitest';
import { judgeRouting } from '../../../../../src/checks/routing/judge.ts';
import { destination, evidence, remedyOf, result } from '../../results.ts';

const POD = '198.18.77.2';
const link = (ifname: string, more: object = {}) => ({
  ifname,
  ifindex: 2,
  flags: ['UP', 'LOWER_UP'],
  linkinfo: { info_kind: 'veth' },
  addr_info: [],
  ...more,
});
const TO_POD = { type: 'unicast', dst: POD, dev: 'cali0', scope: 'link' };
const LAN = { type: 'unicast', dst: '198.18.78.0/24', dev: 'eth0', protocol: 'kernel', scope: 'link' };
const DEFAULT = { type: 'unicast', dst: 'default', gateway: '198.18.78.2', dev: 'eth0' };

interface Host {
  readonly routes?: readonly object[];
  readonly links?: readonly object[];
  readonly proxy?: string;
  readonly answers?: boolean;
  /** Without a DEST. */
  readonly isAlone?: boolean;
}

function found({ routes = [TO_POD, LAN], links, proxy = '01', answers = false, isAlone = false }: Host) {
  const [all = '', own = ''] = proxy;
  const file = (name: string, value: string): string =>
    `/proc/sys/net/ipv4/conf/${name}/proxy_arp:${value}\n`;
  const { findings } = judgeRouting(
    evidence({
      routes: result(JSON.stringify(routes)),
      addresses: result(JSON.stringify(links ?? [link('eth0'), link('cali0')])),
      'rp-filter': result(`${file('all', all)}${file('cali0', own)}${file('eth0', '0')}`),
      ...(isAlone
        ? {}
        : {
            'to0-hop': result(`address ${POD}\n${POD} dev cali0 src 198.18.78.1 uid 0\n`),
            'to0-icmp': result('PING\n3 packets transmitted, 0 received, 100% packet loss, time 400ms\n', {
              code: 1,
            }),
            'to0-tcp': result(
              answers ? `address ${POD}\ntry\nok 300\n` : `address ${POD}\ntry\n`,
              answers ? {} : { status: 'timeout' },
            ),
          }),
    }),
    {
      destinations: isAlone ? [] : [destination({ label: 'pod', host: POD })],
      pod: { addresses: [], hostNetwork: true },
    },
  );
  return findings.filter(({ id }) => id === 'NT-RT-023');
}

describe('NT-RT-023', () => {
  it('is a node without a default route', () => {
    const [one, ...more] = found({});
    expect(more).toEqual([]);
    expect(one?.severity).toBe('critical');
    expect(one?.subject).toBe('pod');
    expect(one?.summary).toBe(
      'The host does not answer its pods behind cali0 (198.18.77.2) for their gateway 169.254.1.1, so that nothing leaves them, not even answers: it would by proxy ARP, and there is no route to that address by another interface, as there is no default route.',
    );
    expect(remedyOf(one)).toContain('ip route add default via ROUTER dev UPLINK');
  });

  it('is proxy ARP that is off', () => {
    const [one, ...more] = found({ routes: [TO_POD, LAN, DEFAULT], proxy: '00' });
    expect(more).toEqual([]);
    expect(one?.summary).toMatch(/: it would by proxy ARP, and proxy_arp is 0 there\.$/);
    expect(one?.evidence[0]?.excerpt).toContain('cali0/proxy_arp:0');
    expect(remedyOf(one)).toContain('sysctl -w net/ipv4/conf/cali0/proxy_arp=1');
  });

  it('needs no DEST', () => {
    expect(found({ isAlone: true }).map(({ subject }) => subject)).toEqual([undefined]);
  });

  it('names three of many', () => {
    const names = ['cali0', 'cali1', 'cali2', 'cali3', 'cali4'];
    const routes = names.map((dev, i) => ({ ...TO_POD, dst: `198.18.77.${i + 2}`, dev }));
    const [one] = found({ routes, links: names.map((name) => link(name)) });
    expect(one?.summary).toContain('cali2 (198.18.77.4) and 2 more for their gateway');
  });

  it.each<[string, Host]>([
    ['all is as it should be', { routes: [TO_POD, LAN, DEFAULT] }],
    ['all interfaces answer', { routes: [TO_POD, LAN, DEFAULT], proxy: '10' }],
    ['another table has the route', { routes: [TO_POD, LAN, { ...DEFAULT, table: '7' }] }],
    [
      'somebody gave the address to the node',
      { routes: [TO_POD, { type: 'local', dst: '169.254.1.1', dev: 'lo', table: 'local' }] },
    ],
    ['the pod answers: it asks nobody', { answers: true }],
    [
      "the interface is no plugin's of that kind",
      { links: [link('eth0'), link('veth0')], routes: [{ ...TO_POD, dev: 'veth0' }] },
    ],
    ['the link is down', { links: [link('cali0', { flags: ['UP'] })] }],
    [
      'the end has an address, which may be the gateway',
      {
        links: [
          link('cali0', {
            addr_info: [{ family: 'inet', local: '169.254.1.1', prefixlen: 32, scope: 'link' }],
          }),
        ],
      },
    ],
    ['there is no pod', { routes: [LAN] }],
    ['the setting could not be read', { routes: [TO_POD, LAN, DEFAULT], proxy: '' }],
  ])('is silent where %s', (_why, host) => {
    expect(found(host)).toEqual([]);
  });
});
