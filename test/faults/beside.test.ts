/**
 * Faults on the other side of a link whose other end is in another namespace of this machine, each named by the built binary: a
 * node of Calico's pods, a host with a virtual address, and a user-mode network.
 */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { attempt, run } from '../cluster/proc.ts';
import { problems } from '../e2e/support/report.ts';
import { checkReport, expectFirst } from './named.ts';
import { httpServer, withServer } from './servers.ts';

const ID = randomBytes(3).toString('hex');
const [POD, NODE, HOST, CLIENT, SERVER, TAP, SLIRP] = ['p', 'n', 'h', 'c', 's', 't', 'u'].map(
  (end) => `ntbs-${ID}-${end}`,
) as [string, string, string, string, string, string, string];
const ALL = [POD, NODE, HOST, CLIENT, SERVER, TAP, SLIRP];

const inside = (name: string, words: string): Promise<string> =>
  run(['nsenter', `--net=/run/netns/${name}`, ...words.split(' ')]);
/** With the undoing of it, whatever comes of the work. */
async function broken<T>(name: string, make: string, undo: string, work: () => Promise<T>): Promise<T> {
  await inside(name, make);
  try {
    return await work();
  } finally {
    await inside(name, undo);
  }
}

/** Silence, but for names: no server of these is in these networks. */
function expectNothingElse(report: Report): void {
  const others = problems(report).filter(({ id }) => !id.startsWith('NT-DNS-'));
  expect(others.map((f) => `${f.id} ${f.summary}`)).toEqual([]);
}

async function joined(a: string, deviceA: string, b: string, deviceB: string): Promise<void> {
  await inside(a, `ip link add ${deviceA} type veth peer name ${deviceB} netns ${b}`);
  await inside(a, `ip link set ${deviceA} up`);
  await inside(b, `ip link set ${deviceB} up`);
}

beforeAll(async () => {
  for (const name of ALL) {
    await run(['ip', 'netns', 'add', name]);
    await inside(name, 'ip link set lo up');
  }
});
afterAll(async () => {
  for (const name of ALL) await attempt(['ip', 'netns', 'delete', name]);
});

describe('a node of pods as Calico makes them', () => {
  const ADDRESS = '198.18.77.2';
  const NODES = '198.18.78.1';
  const OUTSIDE = '198.18.78.2';

  beforeAll(async () => {
    await joined(POD, 'eth0', NODE, 'cali0');
    await joined(HOST, 'eth0', NODE, 'eth0');
    await inside(POD, `ip addr add ${ADDRESS}/32 dev eth0`);
    await inside(POD, 'ip route add 169.254.1.1 dev eth0 scope link');
    await inside(POD, 'ip route add default via 169.254.1.1');
    await inside(NODE, `ip route add ${ADDRESS} dev cali0 scope link`);
    await inside(NODE, `ip addr add ${NODES}/24 dev eth0`);
    await inside(NODE, `ip route add default via ${OUTSIDE}`);
    await inside(NODE, 'sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.cali0.proxy_arp=1');
    await inside(HOST, `ip addr add ${OUTSIDE}/24 dev eth0`);
    await inside(HOST, `ip route add default via ${NODES}`);
  });

  /** Nobody knows the other any more. */
  const forget = async (): Promise<void> => {
    for (const name of [POD, NODE]) await inside(name, 'ip neigh flush all');
  };
  const ofPod = (): Promise<Report> =>
    forget().then(() => checkReport('diagnose', [`netns:${POD}`, '--to', `http://${OUTSIDE}:8081/`]));
  const ofNode = (): Promise<Report> =>
    forget().then(() => checkReport('diagnose', [`netns:${NODE}`, '--to', `${ADDRESS}:8082`]));
  const served = <T>(work: () => Promise<T>): Promise<T> => {
    const answer = 'HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n';
    return withServer(HOST, 8081, httpServer(8081, answer), () =>
      withServer(POD, 8082, httpServer(8082, answer), work),
    );
  };

  test.each([
    {
      what: 'NT-ARP-001 and NT-RT-023: the node has no default route',
      make: 'ip route del default',
      undo: `ip route add default via ${OUTSIDE}`,
      there:
        'the lookup of a route to 169\\.254\\.1\\.1 fails there \\(RTNETLINK answers: Network is unreachable\\), as there is no default route',
      here: 'there is no route to that address by another interface, as there is no default route',
    },
    {
      what: 'NT-ARP-001 and NT-RT-023: proxy ARP is off',
      make: 'sysctl -qw net.ipv4.conf.cali0.proxy_arp=0',
      undo: 'sysctl -qw net.ipv4.conf.cali0.proxy_arp=1',
      there: 'net\\.ipv4\\.conf\\.cali0\\.proxy_arp is 0',
      here: 'proxy_arp is 0 there',
    },
  ])('$what', ({ make, undo, there, here }) =>
    served(() =>
      broken(NODE, make, undo, async () => {
        const found = expectFirst(await ofPod(), {
          id: 'NT-ARP-001',
          severity: 'critical',
          says: new RegExp(
            `^The gateway 169\\.254\\.1\\.1 on eth0 does not answer: .*: the other end of eth0, cali0 in the network namespace ${NODE}, should answer for it by proxy ARP, and does not: ${there}\\.$`,
          ),
        });
        expect(found.remediation).not.toContain("has the gateway's address");
        const report = await ofNode();
        expectFirst(report, {
          id: 'NT-RT-023',
          severity: 'critical',
          says: new RegExp(
            `^The host does not answer its pods behind cali0 \\(198\\.18\\.77\\.2\\) for their gateway 169\\.254\\.1\\.1, .*: it would by proxy ARP, and ${here}\\.$`,
          ),
        });
        expect(problems(report)).toContainEqual(
          expect.objectContaining({ id: 'NT-FW-001', causedBy: 'NT-RT-023' }),
        );
      }),
    ),
  );

  test('no fault: it answers for the gateway', () =>
    served(async () => {
      expectNothingElse(await ofPod());
      expectNothingElse(await ofNode());
    }));
});

describe('NT-FW-005 of the namespace that has the address', () => {
  const VIP = '198.18.79.100';
  const OWN = '198.18.79.2';
  /** As keepalived writes it for vrrp_strict. */
  const STRICT = [
    'nft add table ip keepalived',
    'nft add set ip keepalived vips { type ipv4_addr ; }',
    `nft add element ip keepalived vips { ${VIP} }`,
    'nft add chain ip keepalived out { type filter hook output priority -1 ; }',
    'nft add rule ip keepalived out ip saddr @vips drop',
  ];

  beforeAll(async () => {
    await joined(CLIENT, 'eth0', SERVER, 'eth0');
    await inside(CLIENT, 'ip addr add 198.18.79.1/24 dev eth0');
    await inside(CLIENT, `ip route add default via ${OWN}`);
    await inside(SERVER, `ip addr add ${OWN}/24 dev eth0`);
    await inside(SERVER, `ip addr add ${VIP}/32 dev eth0`);
  });

  test("keepalived's strict mode drops what the virtual address answers", async () => {
    const asked = (): Promise<Report> => checkReport('diagnose', [`netns:${CLIENT}`, '--to', `${VIP}:8080`]);
    const answer = 'HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n';
    await withServer(SERVER, 8080, httpServer(8080, answer), async () => {
      try {
        for (const words of STRICT) await inside(SERVER, words);
        expectFirst(await asked(), {
          id: 'NT-FW-005',
          severity: 'critical',
          says: new RegExp(
            `^TCP 198\\.18\\.79\\.100:8080 is silent \\(no answer within .*\\), as the network namespace ${SERVER} of this machine, which has 198\\.18\\.79\\.100, drops what it answers: nft table ip keepalived chain out: ip saddr @vips drop # handle \\d+\\.$`,
          ),
        });
      } finally {
        await inside(SERVER, 'nft delete table ip keepalived');
      }
      expectNothingElse(await asked());
    });
  });
});

describe('NT-ARP-002 on the link of a user-mode network', () => {
  const HOSTS = ['198.18.80.2', '198.18.80.3'];
  /** What libslirp makes of the first. */
  const MAC = '52:55:c6:12:50:02';

  beforeAll(async () => {
    await joined(TAP, 'tap0', SLIRP, 'slirp');
    await inside(SLIRP, `ip link set slirp address ${MAC}`);
    for (const one of HOSTS) await inside(SLIRP, `ip addr add ${one}/24 dev slirp`);
    await inside(TAP, 'ip addr add 198.18.80.100/24 dev tap0');
    await inside(TAP, `ip route add default via ${HOSTS[0]}`);
  });

  test('an address in its range that is a host elsewhere', async () => {
    const asked = (to: string): Promise<Report> => checkReport('arp', [`netns:${TAP}`, '--to', to]);
    expectFirst(await asked('198.18.80.77:8090'), {
      id: 'NT-ARP-002',
      severity: 'critical',
      says: /^198\.18\.80\.77:8090 is hidden by the range of tap0 \(198\.18\.80\.100\/24\), which is a user-mode network \(slirp4netns, podman, QEMU\): nobody can be on that link but the program itself \(198\.18\.80\.2 is 52:55:c6:12:50:02\)/,
    });
    expectNothingElse(await asked(`${HOSTS[1]}:53`));
  });
});
