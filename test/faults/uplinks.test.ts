/** A host with two uplinks, in namespaces of this machine, and the built binary that runs on it. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { attempt, run, until } from '../cluster/proc.ts';
import { bash } from '../e2e/support/cli.ts';
import { validReport } from '../e2e/support/report.ts';
import { expectFirst, expectSilence } from './named.ts';
import { withTraffic } from './traffic.ts';

const ID = randomBytes(3).toString('hex');
const HOST = `ntup-${ID}-h`;
/** What is behind both providers. */
const WORLD = `ntup-${ID}-w`;
const CLIENT = '203.0.113.77';
const PROVIDERS = [1, 2].map((i) => ({
  netns: `ntup-${ID}-${i}`,
  uplink: `up${i}`,
  host: `198.18.20${i}.2`,
  router: `198.18.20${i}.1`,
  range: `198.18.20${i}.0/24`,
  outside: `198.18.21${i}.1`,
  world: `198.18.21${i}.2`,
  metric: `${i}00`,
}));

const netns = (name: string): string => `/run/netns/${name}`;
const inside = (name: string, ...argv: readonly string[]): Promise<string> =>
  run(['nsenter', `--net=${netns(name)}`, ...argv]);

async function wire(
  a: string,
  deviceA: string,
  addressA: string,
  b: string,
  deviceB: string,
  addressB: string,
) {
  await inside(a, ...`ip link add ${deviceA} type veth peer name ${deviceB} netns ${b}`.split(' '));
  for (const [name, device, address] of [
    [a, deviceA, addressA],
    [b, deviceB, addressB],
  ] as const) {
    await inside(name, 'ip', 'addr', 'add', `${address}/24`, 'dev', device);
    await inside(name, 'ip', 'link', 'set', device, 'up');
  }
}

beforeAll(async () => {
  for (const name of [HOST, WORLD, ...PROVIDERS.map((one) => one.netns)]) {
    await run(['ip', 'netns', 'add', name]);
    await inside(name, 'ip', 'link', 'set', 'lo', 'up');
  }
  for (const { netns: name, uplink, host, router, range, outside, world, metric } of PROVIDERS) {
    await wire(HOST, uplink, host, name, 'lan', router);
    await wire(name, 'wan', outside, WORLD, `to-${uplink}`, world);
    await inside(name, 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
    await inside(name, 'ip', 'route', 'add', `${CLIENT}/32`, 'via', world);
    await inside(HOST, ...`ip route add default via ${router} dev ${uplink} metric ${metric}`.split(' '));
    await inside(WORLD, 'ip', 'route', 'add', range, 'via', outside);
    // A provider takes from its customers their own addresses alone (BCP 38).
    const rules = `table ip own {\nchain forward {\ntype filter hook forward priority 0\niifname lan ip saddr != ${range} drop\n}\n}\n`;
    writeFileSync(`/tmp/${name}.nft`, rules);
    await inside(name, 'nft', '-f', `/tmp/${name}.nft`);
    rmSync(`/tmp/${name}.nft`);
  }
  await inside(WORLD, 'ip', 'addr', 'add', `${CLIENT}/32`, 'dev', 'lo');
  for (const name of [HOST, WORLD])
    for (const device of ['all', 'default', 'up1', 'up2', 'to-up1', 'to-up2'])
      await attempt([
        'nsenter',
        `--net=${netns(name)}`,
        'sysctl',
        '-qw',
        `net.ipv4.conf.${device}.rp_filter=0`,
      ]);
  // It asks no name server.
  mkdirSync(`/etc/netns/${HOST}`, { recursive: true });
  writeFileSync(`/etc/netns/${HOST}/resolv.conf`, '');
});
afterAll(async () => {
  for (const name of [HOST, WORLD, ...PROVIDERS.map((one) => one.netns)])
    await attempt(['ip', 'netns', 'delete', name]);
  rmSync(`/etc/netns/${HOST}`, { recursive: true, force: true });
});

const perl = (program: string): readonly string[] => ['perl', '-MIO::Socket::INET', '-e', program];
const SERVER = perl(
  'my $l = IO::Socket::INET->new(LocalPort => 8080, Listen => 9, ReuseAddr => 1) or die; while (my $c = $l->accept) { close $c }',
);
const CLIENTS = perl(
  `while (1) { IO::Socket::INET->new(PeerAddr => "${PROVIDERS[1]?.host}", PeerPort => 8080, LocalAddr => "${CLIENT}", Timeout => 9); sleep 1 }`,
);

/** By `ip netns exec`, which gives it the host's own resolv.conf. */
async function routing(): Promise<Report> {
  const { stdout, stderr } = await bash(`ip netns exec ${HOST} kubectl-nettools routing local -o json`);
  expect(stdout, stderr).toMatch(/^\{/);
  return validReport(JSON.parse(stdout));
}

describe('NT-RT-020', () => {
  test('a client that comes by the second uplink, and the rule that answers it there', async () => {
    await withTraffic(netns(HOST), SERVER, () =>
      withTraffic(netns(WORLD), CLIENTS, async () => {
        const half = () => inside(HOST, 'ss', '-tnoH', 'state', 'syn-recv');
        await until(
          'an answer that was sent again',
          30,
          async () => /,[2-9]\)/.test(await half()) || 'not yet',
        );
        expectFirst(await routing(), {
          id: 'NT-RT-020',
          severity: 'warning',
          says: /^203\.0\.113\.77 connects to 198\.18\.202\.2, the address of up2, and the answer leaves by up1 \("default via 198\.18\.201\.1 dev up1 metric 100"\): it was sent again (once|\d times), and the handshake is not complete\.$/,
        });
        await inside(HOST, ...'ip route add default via 198.18.202.1 dev up2 table 102'.split(' '));
        await inside(HOST, ...'ip rule add from 198.18.202.2 lookup 102'.split(' '));
        await until('complete handshakes', 60, async () => (await half()) === '' || 'not yet');
        expectSilence(await routing());
      }),
    );
  });
});
