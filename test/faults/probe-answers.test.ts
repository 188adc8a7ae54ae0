/** The kubelet's probes of a pod in whose network answers are led into a tunnel, or stopped by a kill switch. */
import { beforeAll, describe, test } from 'vitest';
import { until } from '../cluster/proc.ts';
import { app, pod, testNamespace } from '../e2e/support/cluster.ts';
import { checkReport, expectFirst, expectSilence } from './named.ts';
import { type PodNetns, podNetns, withFault } from './pod-netns.ts';

const ns = testNamespace('f-probed');
let vpn: PodNetns;

const isReady = async (): Promise<boolean> => {
  const path = '{.status.conditions[?(@.type=="Ready")].status}';
  return (await ns.kubectl(['get', 'pod', 'vpn', '-o', `jsonpath=${path}`])) === 'True';
};
const gets = (wanted: boolean): Promise<unknown> =>
  until(
    wanted ? 'a ready pod' : 'a pod that is not ready',
    60,
    async () => (await isReady()) === wanted || 'not yet',
  );
const routing = () => checkReport('routing', ['vpn', '-n', ns.name]);

beforeAll(async () => {
  const readinessProbe = {
    httpGet: { path: '/', port: 8080 },
    periodSeconds: 1,
    timeoutSeconds: 1,
    failureThreshold: 1,
  };
  await ns.start(pod('vpn', { containers: [{ ...app, readinessProbe }], spec: { nodeName: 'node1' } }));
  vpn = await podNetns(ns.name, 'vpn');
});

describe('NT-RT-018', () => {
  test('a kill switch, and the rule that lets answers pass', async () => {
    const kill = 'OUTPUT -o eth0 -p tcp --sport 8080 -m mark ! --mark 51820 -j DROP';
    const steps = [{ make: `iptables -A ${kill}`, undo: `iptables -D ${kill}` }];
    await withFault(vpn, steps, async () => {
      await gets(false);
      expectFirst(await routing(), {
        id: 'NT-RT-018',
        severity: 'critical',
        says: /^Container app is not ready, and what it answers the kubelet's probe of port 8080 \(\S+, 198\.18\.1\.1\) is stopped by a rule of its own network: iptables -t filter -A OUTPUT -o eth0 .*-j DROP\.$/,
      });
      const answers = 'OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT';
      const mended = [{ make: `iptables -I ${answers}`, undo: `iptables -D ${answers}` }];
      await withFault(vpn, mended, async () => {
        await gets(true);
        expectSilence(await routing());
      });
    });
    await gets(true);
  });

  test('a tunnel that takes all answers, and the rule that leads them past it', async () => {
    const { gateway, address } = vpn;
    const steps = [
      { make: 'ip link add wg0 type veth peer name wgpeer', undo: 'ip link del wg0' },
      { make: 'ip addr add 203.0.113.2/32 dev wg0', undo: '' },
      { make: 'ip link set wg0 up', undo: '' },
      { make: 'ip link set wgpeer up', undo: '' },
      { make: 'ip route add default dev wg0 table 51820', undo: '' },
      {
        make: 'ip rule add not fwmark 51820 lookup 51820 priority 30',
        undo: 'ip rule del not fwmark 51820 lookup 51820 priority 30',
      },
    ];
    await withFault(vpn, steps, async () => {
      await gets(false);
      expectFirst(await routing(), {
        id: 'NT-RT-018',
        severity: 'critical',
        says: new RegExp(
          `what it answers the kubelet's probe of port 8080 \\(\\S+, ${gateway}\\) leaves by wg0 and not by eth0, by routing rule "30: not from all fwmark 0xca6c lookup 51820"`,
        ),
      });
      const past = `ip rule add from ${address} lookup main priority 10`;
      await withFault(vpn, [{ make: past, undo: past.replace(' add ', ' del ') }], async () => {
        await gets(true);
        expectSilence(await routing());
      });
    });
    await gets(true);
  });
});
