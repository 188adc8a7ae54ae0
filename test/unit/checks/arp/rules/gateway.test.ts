/** NT-ARP-001 of a gateway that is a link-local address. */
import { describe, expect, it } from 'vitest';
import type { ArpInput } from '../../../../../src/checks/arp/facts.ts';
import { followArp } from '../../../../../src/checks/arp/follow-up.ts';
import { judgeArp } from '../../../../../src/checks/arp/judge.ts';
import { PROBE_SCRIPTS } from '../../../../../src/probes/scripts.ts';
import { destination, evidence, remedyOf, result } from '../../results.ts';

const OWN = '198.18.77.2';
const LINKS = JSON.stringify([
  {
    ifname: 'eth0',
    ifindex: 2,
    operstate: 'UP',
    flags: ['UP', 'LOWER_UP'],
    addr_info: [{ family: 'inet', local: OWN, prefixlen: 32, scope: 'global' }],
  },
]);
const END = (way: string, settings: Readonly<Record<string, number>> = {}): string => {
  const { proxy = 1, forwarding = 1 } = settings;
  return `namespace /run/netns/node\npart end\n cali0\npart settings\n all proxy_arp 0\n all forwarding 1\n cali0 proxy_arp ${proxy}\n cali0 forwarding ${forwarding}\npart way\n ${way}\n`;
};
const WAY = '169.254.1.1 from 198.18.77.2 via 198.18.78.2 dev eth1';
const NO_WAY = 'RTNETLINK answers: Network is unreachable';

interface Pod {
  readonly gateway?: string;
  readonly state?: string;
  /** What the script said of the other end. */
  readonly end?: string;
  readonly isOnThisMachine?: boolean;
}

function run({ gateway = '169.254.1.1', state = 'FAILED', end, isOnThisMachine = true }: Pod) {
  const seen = evidence({
    addresses: result(LINKS),
    neighbours: result(JSON.stringify([{ dst: gateway, dev: 'eth0', state: [state] }])),
    'to0-hop': result(
      `address 192.0.2.9\n192.0.2.9 via ${gateway} dev eth0 src ${OWN} uid 0\nasked ${gateway} eth0\nARPING ${gateway} from ${OWN} eth0\nSent 2 probes (2 broadcast(s))\nReceived 0 response(s)\n`,
    ),
    'to0-icmp': result('PING\n3 packets transmitted, 0 received, 100% packet loss, time 400ms\n', {
      code: 1,
    }),
    'to0-tcp': result('address 192.0.2.9\ntry\n', { status: 'timeout' }),
    ...(end === undefined ? {} : { 'other-end-eth0': result(end) }),
  });
  const input: ArpInput = {
    destinations: [destination()],
    peers: [],
    tableShare: 80,
    ...(isOnThisMachine ? { isOnThisMachine: true as const } : {}),
  };
  return { seen, input };
}

function found(pod: Pod) {
  const { seen, input } = run(pod);
  return judgeArp(seen, input).findings.filter(({ id }) => id === 'NT-ARP-001');
}

describe('NT-ARP-001 of a link-local gateway', () => {
  it('says who answers for it, and where to look', () => {
    const [one, ...more] = found({});
    expect(more).toEqual([]);
    expect(one?.severity).toBe('critical');
    expect(one?.summary).toMatch(
      /^The gateway 169\.254\.1\.1 on eth0 does not answer: its neighbour entry is FAILED; example\.com:443 is behind it; 169\.254\.1\.1 is the address that Calico gives its pods as gateway, which no interface has: the other end of eth0, on the node, answers for it by proxy ARP, and only where proxy_arp and forwarding are on there and the node has a route to 169\.254\.1\.1 by another interface \(its default route\)\.$/,
    );
    const remedy = remedyOf(one);
    expect(remedy).toContain('ip route get 198.18.77.2 names that end, IFACE');
    expect(remedy).toContain('sysctl net.ipv4.conf.IFACE.proxy_arp');
    expect(remedy).not.toContain("gateway's address");
  });

  it('of another plugin says that it may be so', () => {
    expect(found({ gateway: '169.254.0.1' })[0]?.summary).toContain(
      '169.254.0.1 is a link-local address, which often no interface has',
    );
  });

  it.each([
    [
      NO_WAY,
      {},
      `the lookup of a route to 169.254.1.1 fails there (${NO_WAY}), as there is no default route`,
      'ip route add default',
    ],
    [
      'RTNETLINK answers: Invalid cross-device link',
      {},
      'the lookup of a route to 169.254.1.1 fails there (RTNETLINK answers: Invalid cross-device link)',
      'ip route get 169.254.1.1 from 198.18.77.2 iif cali0',
    ],
    [
      '169.254.1.1 from 198.18.77.2 dev cali0',
      {},
      'its route to 169.254.1.1 leads back by cali0 itself',
      'default route',
    ],
    [
      WAY,
      { forwarding: 0 },
      'net.ipv4.conf.cali0.forwarding is 0',
      'nsenter --net=/run/netns/node sysctl -w net/ipv4/conf/cali0/forwarding=1',
    ],
    [
      WAY,
      { proxy: 0 },
      'net.ipv4.conf.cali0.proxy_arp is 0',
      'nsenter --net=/run/netns/node sysctl -w net/ipv4/conf/cali0/proxy_arp=1',
    ],
  ])('where the other end is known: %s', (way, settings, says, remedy) => {
    const [one] = found({ end: END(way, settings) });
    expect(one?.summary).toContain(
      `the other end of eth0, cali0 in the network namespace node, should answer for it by proxy ARP, and does not: ${says}.`,
    );
    expect(remedyOf(one)).toContain(remedy);
    expect(one?.evidence.at(-1)?.excerpt).toContain(way);
  });

  it('does not know why where nothing is missing there', () => {
    expect(found({ end: END(WAY) })[0]?.summary).toContain('only where proxy_arp and forwarding are on');
  });

  it('is as before for every other address, and silent where it answers', () => {
    const [plain] = found({ gateway: '198.18.77.1' });
    expect(plain?.summary).toMatch(/example\.com:443 is behind it\.$/);
    expect(remedyOf(plain)).toContain("has the gateway's address");
    expect(found({ state: 'PERMANENT' })).toEqual([]);
  });
});

describe('the other end is looked for', () => {
  const asked = (pod: Pod) => {
    const { seen, input } = run(pod);
    return followArp(seen, input, PROBE_SCRIPTS).map(({ id, argv }) => [id, ...argv.slice(4)]);
  };

  it('where a link-local gateway is silent on this machine', () => {
    expect(asked({})).toEqual([['other-end-eth0', 'peer', 'eth0', '169.254.1.1', OWN]]);
  });

  it.each<[string, Pod]>([
    ['the target is elsewhere', { isOnThisMachine: false }],
    ['it is another kind of address', { gateway: '198.18.77.1' }],
    ['the gateway is not asked for', { state: 'PERMANENT' }],
  ])('and not where %s', (_why, pod) => {
    expect(asked(pod)).toEqual([]);
  });
});
