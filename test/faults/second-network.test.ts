/** A target with a second network that brings a default route of its own, in namespaces of this machine. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { attempt, run, until } from '../cluster/proc.ts';
import { FAR, GATEWAY, Lab } from '../e2e/support/lab.ts';
import { checkReport, expectFirst, expectSilence } from './named.ts';
import { withTraffic } from './traffic.ts';

const PORT = 8080;
/** The router of the second network, which answers ARP and forwards nothing. */
const OTHER = `ntsn-${randomBytes(3).toString('hex')}`;
const OTHER_ROUTER = '192.0.2.145';

let lab: Lab;

const inOther = (...argv: readonly string[]) => run(['nsenter', `--net=/run/netns/${OTHER}`, ...argv]);
const inside = (line: string) => lab.inside(...line.split(' '));

beforeAll(async () => {
  lab = await Lab.make();
  await run(['ip', 'netns', 'add', OTHER]);
  await inside(`ip link add net1 type veth peer name eth0 netns ${OTHER}`);
  await inside('ip addr add 192.0.2.146/28 dev net1');
  await inside('ip link set net1 up');
  await inOther(...`ip addr add ${OTHER_ROUTER}/28 dev eth0`.split(' '));
  for (const link of ['lo', 'eth0']) await inOther('ip', 'link', 'set', link, 'up');
  await inOther('sysctl', '-qw', 'net.ipv4.ip_forward=0');
  await inside('ip route del default');
  await inside(`ip route add default via ${GATEWAY} dev eth0 metric 100`);
  await inside(`ip route add default via ${OTHER_ROUTER} dev net1`);
});
afterAll(async () => {
  await attempt(['ip', 'netns', 'delete', OTHER]);
  await lab?.remove();
});

const PROGRAM = `my $l = IO::Socket::INET->new(LocalPort => ${PORT}, Listen => 50, ReuseAddr => 1) or die; my @all; while (my $c = $l->accept) { push @all, $c }`;

async function withServer<T>(netns: string, work: () => Promise<T>): Promise<T> {
  return withTraffic(`/run/netns/${netns}`, ['perl', '-MIO::Socket::INET', '-e', PROGRAM], async () => {
    await until('the server', 30, async () => {
      const { stdout } = await attempt(['ip', 'netns', 'exec', netns, 'ss', '-Hlnt', `sport = :${PORT}`]);
      return stdout.includes(`:${PORT}`) || 'nobody listens';
    });
    return work();
  });
}

const firewall = () => checkReport('firewall', [`netns:${lab.name}`, '--to', `${FAR}:${PORT}`]);

test('NT-RT-022: a second network brings a default route of its own, which wins', async () => {
  await withServer(lab.router, async () => {
    expectFirst(await firewall(), {
      id: 'NT-RT-022',
      severity: 'critical',
      says: /^TCP 203\.0\.113\.1:8080 does not answer by net1, and by eth0 it does \(a connection bound to it is taken\): "default via 192\.0\.2\.145 dev net1" wins before "default via 192\.0\.2\.129 dev eth0 metric 100" \(metric 0 before 100\), and ends with no answer within 3\.\d s\.$/,
    });
    await inside(`ip route del default via ${OTHER_ROUTER} dev net1`);
    await inside(`ip route add default via ${OTHER_ROUTER} dev net1 metric 200`);
    try {
      expectSilence(await firewall());
    } finally {
      await inside(`ip route del default via ${OTHER_ROUTER} dev net1`);
      await inside(`ip route add default via ${OTHER_ROUTER} dev net1`);
    }
  });
});

test('NT-RT-022: a route of a longer prefix takes the destination', async () => {
  await inside(`ip route add 203.0.113.0/24 via ${OTHER_ROUTER} dev net1`);
  try {
    await withServer(lab.router, async () => {
      expectFirst(await firewall(), {
        id: 'NT-RT-022',
        severity: 'critical',
        says: /"203\.0\.113\.0\/24 via 192\.0\.2\.145 dev net1" wins before "default via 192\.0\.2\.129 dev eth0 metric 100" \(its prefix is longer\), /,
      });
    });
  } finally {
    await inside(`ip route del 203.0.113.0/24 via ${OTHER_ROUTER} dev net1`);
  }
});

test('no fault: both networks lead there', async () => {
  await inOther('ip', 'addr', 'add', `${FAR}/32`, 'dev', 'lo');
  try {
    await withServer(OTHER, () => withServer(lab.router, async () => expectSilence(await firewall())));
  } finally {
    await inOther('ip', 'addr', 'del', `${FAR}/32`, 'dev', 'lo');
  }
});

test('another fault: neither network leads there', async () => {
  // What comes to the router is for nobody, and it forwards nothing.
  await lab.inRouter('ip', 'addr', 'del', `${FAR}/32`, 'dev', 'lo');
  await lab.inRouter('sysctl', '-qw', 'net.ipv4.ip_forward=0');
  try {
    const report = await firewall();
    const found = report.checks.flatMap(({ findings }) => findings);
    expect(found.map(({ id }) => id)).not.toContain('NT-RT-022');
    expectFirst(report, {
      id: 'NT-FW-001',
      severity: 'critical',
      says: /; by eth0 \(default via 192\.0\.2\.129 dev eth0 metric 100\), where a route leads to it too, it is silent as well\.$/,
    });
  } finally {
    await lab.inRouter('ip', 'addr', 'add', `${FAR}/32`, 'dev', 'lo');
  }
});
