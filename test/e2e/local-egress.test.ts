/** A node that leads some of what its pods send out by a second uplink, as gateways for egress addresses do it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding, Report } from '../../src/model/report.ts';
import { attempt, run } from '../cluster/proc.ts';
import { nettools } from './support/cli.ts';
import { FAR, Lab } from './support/lab.ts';
import { validReport } from './support/report.ts';

const POD = '198.18.7.2';
const NODE_ON_UPLINK = '198.18.8.2';
const ROUTER_ON_UPLINK = '198.18.8.1';

/** The node. Its router is on both of its uplinks, and FAR behind it. */
let node: Lab;
let pod: string;
beforeAll(async () => {
  node = await Lab.make();
  pod = `${node.name}-p`;
  await run(['ip', 'netns', 'add', pod]);
  const link = (a: string, netnsA: string, b: string, netnsB: string): Promise<string> =>
    run(['ip', '-n', netnsA, 'link', 'add', a, 'type', 'veth', 'peer', 'name', b, 'netns', netnsB]);
  await link('eth1', node.name, 'eth1', node.router);
  await link('pod0', node.name, 'eth0', pod);
  for (const [netns, name, address] of [
    [node.name, 'eth1', `${NODE_ON_UPLINK}/30`],
    [node.router, 'eth1', `${ROUTER_ON_UPLINK}/30`],
    [node.name, 'pod0', '198.18.7.1/30'],
    [pod, 'eth0', `${POD}/30`],
  ] as const) {
    await run(['ip', '-n', netns, 'addr', 'add', address, 'dev', name]);
    await run(['ip', '-n', netns, 'link', 'set', name, 'up']);
  }
  await run(['ip', '-n', pod, 'route', 'add', 'default', 'via', '198.18.7.1']);
  await node.inRouter('ip', 'route', 'add', '198.18.7.0/30', 'via', NODE_ON_UPLINK);
  // What was dropped once is not sent again, to be dropped in the next run.
  await node.inRouter('sysctl', '-qw', 'net.ipv4.tcp_synack_retries=0');
  for (const setting of ['ip_forward=1', 'conf.all.rp_filter=0', 'conf.eth1.rp_filter=1'])
    await node.inside('sysctl', '-qw', `net.ipv4.${setting}`);
  await node.inside(
    'ip',
    'route',
    'add',
    `${FAR}/32`,
    'via',
    ROUTER_ON_UPLINK,
    'dev',
    'eth1',
    'table',
    '100',
  );
  await node.inside('ip', 'rule', 'add', 'fwmark', '1000', 'lookup', '100', 'priority', '100');
  const marked = ['-s', POD, '-d', FAR, '-j', 'MARK', '--set-mark', '1000'];
  await node.inside('iptables', '-t', 'mangle', '-A', 'PREROUTING', ...marked);
});
afterAll(async () => {
  await node?.remove();
  await attempt(['ip', 'netns', 'delete', pod]);
});

async function podReachesFar(seconds = 2): Promise<boolean> {
  const connect = ['timeout', String(seconds), 'bash', '--norc', '-c', `</dev/tcp/${FAR}/53`];
  return (await attempt(['nsenter', `--net=/run/netns/${pod}`, ...connect])).code === 0;
}

/** What the node's routing check says of its filter, with the pod connecting all the while, or with nobody. */
async function found(isBusy: boolean): Promise<Finding[]> {
  let isOver = false;
  const said = nettools(['routing', `netns:${node.name}`, '--to', `${FAR}:53`, '-o', 'json'], {
    env: { KUBECONFIG: '/nonexistent', DOCKER_HOST: 'unix:///nonexistent' },
  }).finally(() => {
    isOver = true;
  });
  // A run takes a second or less: each of these sends one packet at once, and the next would come after another second.
  while (isBusy && !isOver) await podReachesFar(0.1);
  const { stdout, stderr } = await said;
  expect(stdout, stderr).toMatch(/^\{/);
  const { checks }: Report = validReport(JSON.parse(stdout));
  return checks.flatMap(({ findings }) => findings).filter(({ id }) => /^NT-RT-0(03|21)$/.test(id));
}

describe('NT-RT-021: the answers of what a rule leads out by another uplink', () => {
  it('are dropped where that one filters strictly', async () => {
    expect(await podReachesFar()).toBe(false);
    const [quiet, ...none] = await found(false);
    expect(none).toEqual([]);
    expect(quiet).toMatchObject({ id: 'NT-RT-021', severity: 'info' });
    const all = await found(true);
    const busy = all.find(({ id }) => id === 'NT-RT-021');
    expect(all.flatMap(({ causedBy }) => causedBy ?? [])).toEqual(['NT-RT-021']);
    expect(busy?.severity).toBe('warning');
    expect(busy?.summary).toMatch(
      /^What rule "100: from all fwmark 0x3e8 lookup 100" leads out by eth1 \(203\.0\.113\.1 via 198\.18\.8\.1 dev eth1 table 100\) is answered there, and the reverse path filter of eth1, which is strict, drops the answers: .* the way back leads through eth0 \(default via \S+ dev eth0\); it dropped \d+ packets? during the run/,
    );
    expect(busy?.remediation).toContain('sysctl -w net.ipv4.conf.eth1.rp_filter=2');
  });

  it('get back where the filter is loose, and nothing is said', async () => {
    await node.inside('sysctl', '-qw', 'net.ipv4.conf.eth1.rp_filter=2');
    try {
      expect(await podReachesFar()).toBe(true);
      expect(await found(true)).toEqual([]);
    } finally {
      await node.inside('sysctl', '-qw', 'net.ipv4.conf.eth1.rp_filter=1');
    }
  });

  it('get back where a rule for the way back is one that the filter knows, and nothing is said', async () => {
    const back = ['to', FAR, 'lookup', '100', 'priority', '99'];
    await node.inside('ip', 'rule', 'add', ...back);
    try {
      expect(await podReachesFar()).toBe(true);
      expect(await found(true)).toEqual([]);
    } finally {
      await node.inside('ip', 'rule', 'del', ...back);
    }
  });
});
