/** What rules of the target lead to itself, or another way out, by marks and routing rules: TPROXY and its kin. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { until } from '../cluster/proc.ts';
import { app, helper, pod, testNamespace } from '../e2e/support/cluster.ts';
import { checkReport, expectFirst, expectInfo, expectSilence } from './named.ts';
import { type PodNetns, podNetns, withFault } from './pod-netns.ts';

const ns = testNamespace('f-led-away');
type Step = { readonly make: string; readonly undo: string };

let client: PodNetns;
let server: PodNetns;

/** The mark and the table of Istio's TPROXY mode. */
const routed = (family: '-4' | '-6'): Step[] => [
  {
    make: `ip ${family} rule add fwmark 1337 lookup 133`,
    undo: `ip ${family} rule del fwmark 1337 lookup 133`,
  },
  {
    make: `ip ${family} route add local default dev lo table 133`,
    undo: `ip ${family} route flush table 133`,
  },
];

const byIptables = (tool: string): Step[] => [
  {
    make: `${tool} -t mangle -A OUTPUT -p tcp --dport 8080:8089 -j MARK --set-mark 1337`,
    undo: `${tool} -t mangle -D OUTPUT -p tcp --dport 8080:8089 -j MARK --set-mark 1337`,
  },
  {
    make: `${tool} -t mangle -A PREROUTING -i lo -p tcp -m mark --mark 1337 -j TPROXY --on-port 15001 --tproxy-mark 1337`,
    undo: `${tool} -t mangle -D PREROUTING -i lo -p tcp -m mark --mark 1337 -j TPROXY --on-port 15001 --tproxy-mark 1337`,
  },
];

const byNft: Step[] = [
  { make: 'nft add table inet tp', undo: 'nft delete table inet tp' },
  { make: 'nft add chain inet tp o { type route hook output priority -150 ; }', undo: '' },
  { make: 'nft add chain inet tp p { type filter hook prerouting priority -150 ; }', undo: '' },
  { make: 'nft add rule inet tp o meta skuid 1337 return', undo: '' },
  { make: 'nft add rule inet tp o tcp dport 8080-8089 meta mark set 1337', undo: '' },
  {
    make: 'nft add rule inet tp p iifname lo meta mark 1337 meta l4proto tcp tproxy to :15001',
    undo: '',
  },
];

const WAYS: readonly (readonly [string, '-4' | '-6', readonly Step[], RegExp])[] = [
  ['iptables-legacy', '-4', byIptables('iptables-legacy'), /-j TPROXY --on-port 15001/],
  ['iptables-nft', '-4', byIptables('iptables-nft'), /-j TPROXY --on-port 15001/],
  ['nft', '-4', byNft, /tproxy to :15001/],
  ['ip6tables-legacy', '-6', byIptables('ip6tables-legacy'), /-j TPROXY --on-port 15001/],
  ['ip6tables-nft', '-6', byIptables('ip6tables-nft'), /-j TPROXY --on-port 15001/],
  ['nft, IPv6', '-6', byNft, /tproxy to :15001/],
];

/** Nobody has it; the rules take what goes there all the same. */
const SIX = '[2001:db8:77::9]:8081';
const toServer = (family: '-4' | '-6'): string => (family === '-6' ? SIX : `${server.address}:8080`);
/** Packets of IPv6 leave by a route of their own: the pods of this file have none. */
const six: readonly Step[] = [
  {
    make: 'ip -6 addr add 2001:db8:77::1/64 dev eth0 nodad',
    undo: 'ip -6 addr del 2001:db8:77::1/64 dev eth0',
  },
];
const look = (to: string): Promise<Report> => checkReport('firewall', ['client', '-n', ns.name, '--to', to]);

beforeAll(async () => {
  await ns.start(
    pod('client', { spec: { nodeName: 'node1' }, containers: [app, helper] }),
    pod('server', { spec: { nodeName: 'node2' } }),
  );
  client = await podNetns(ns.name, 'client');
  server = await podNetns(ns.name, 'server');
});

describe('NT-PROXY-001: TPROXY', () => {
  test.each(WAYS)(
    'by %s: nobody listens where a mark and a local route lead to',
    async (_n, family, rules, by) => {
      const steps = [...(family === '-6' ? six : []), ...routed(family), ...rules];
      const report = await withFault(client, steps, () => look(toServer(family)));
      const first = expectFirst(report, {
        id: 'NT-PROXY-001',
        severity: 'critical',
        says: /was not reached: a rule of the target marks it 0x539 \(.*\), and routing rule "\d+: from all fwmark 0x539 lookup 133" leads it by its route "local default dev lo table 133.*", to the target itself, where .* takes it, and nothing listens on port 15001 there/,
      });
      expect(first.summary).toMatch(by);
      expect(report.checks[0]?.findings.map(({ id }) => id)).not.toContain('NT-FW-009');
    },
  );

  const listen = async (...options: readonly string[]): Promise<void> => {
    const words = ['TCP-LISTEN:15001', 'fork', 'reuseaddr', ...options].join(',');
    const start = `echo $$ > /tmp/proxy.pid; exec socat ${words} SYSTEM:"sleep 5"`;
    await ns.help('client', 'bash', '-c', `nohup bash -c '${start}' </dev/null >/dev/null 2>&1 &`);
    await until('the proxy listens', 60, async () => {
      const listening = await ns.help('client', 'ss', '-tlnH');
      return listening.includes(':15001 ') || listening;
    });
  };
  const end = async (): Promise<void> => {
    await ns.help('client', 'bash', '-c', 'kill $(cat /tmp/proxy.pid)');
    await until('the proxy is gone', 60, async () => {
      const listening = await ns.help('client', 'ss', '-tlnH');
      return !listening.includes(':15001 ') || listening;
    });
  };

  test('what listens there has not asked for such connections', async () => {
    await listen();
    const steps = [...routed('-4'), ...byIptables('iptables-nft')];
    const report = await withFault(client, steps, () => look(toServer('-4')));
    await end();
    expectFirst(report, {
      id: 'NT-PROXY-001',
      severity: 'critical',
      says: /what listens on port 15001 there has not asked for connections to other addresses \(IP_TRANSPARENT\)/,
    });
  });

  test('a transparent proxy answers for everybody: that is no measurement of the destination', async () => {
    await listen('ip-transparent');
    for (const rules of [byIptables('iptables-legacy'), byNft]) {
      const report = await withFault(client, [...routed('-4'), ...rules], () => look('198.18.77.7:8080'));
      expectSilence(report);
      expectInfo(
        report,
        'NT-PROXY-001',
        /was not measured: .*, and what answers is the proxy on port 15001 there/,
      );
      expect(report.verdict).toBe('unknown');
    }
    await end();
  });

  test("a sidecar in Istio's TPROXY mode that works", async () => {
    await listen('ip-transparent');
    const inbound = (words: string): Step => ({
      make: `iptables-nft -t mangle -A ${words}`,
      undo: `iptables-nft -t mangle -D ${words}`,
    });
    const sidecar = [
      ...routed('-4'),
      inbound('PREROUTING -p tcp -m mark --mark 1337 -j CONNMARK --save-mark'),
      inbound('OUTPUT -p tcp -m connmark --mark 1337 -j CONNMARK --restore-mark'),
      inbound('PREROUTING -p tcp --dport 18080 -j TPROXY --on-port 15001 --tproxy-mark 1337'),
    ];
    // What goes out is led nowhere: a proxy's own user is exempt, or nothing is intercepted.
    const report = await withFault(client, sidecar, () => look(toServer('-4')));
    await end();
    expectSilence(report);
    expect(report.verdict).toBe('pass');
  });

  test('a routing rule takes a port to the target itself, without a mark', async () => {
    const steps = [
      {
        make: 'ip rule add ipproto tcp dport 8080 lookup 134',
        undo: 'ip rule del ipproto tcp dport 8080 lookup 134',
      },
      { make: 'ip route add local default dev lo table 134', undo: 'ip route flush table 134' },
    ];
    expectFirst(await withFault(client, steps, () => look(toServer('-4'))), {
      id: 'NT-PROXY-001',
      severity: 'critical',
      says: /routing rule "\d+: from all ipproto tcp dport 8080(?: dport_mask 0xffff)? lookup 134" of the target leads it by its route "local default dev lo table 134", to the target itself/,
    });
    // Its twin takes another port.
    const other = steps.map(({ make, undo }) => ({
      make: make.replace('8080', '8081'),
      undo: undo.replace('8080', '8081'),
    }));
    expectSilence(await withFault(client, other, () => look(toServer('-4'))));
  });
});

describe('a mark that leads another way out', () => {
  const marked = [
    ...byIptables('iptables-legacy').slice(0, 1),
    { make: 'ip rule add fwmark 1337 lookup 135', undo: 'ip rule del fwmark 1337 lookup 135' },
  ];
  const says =
    /a rule of the target marks it 0x539 \(-t mangle -A OUTPUT .*\), and routing rule ".* lookup 135" leads it by its route/;

  test('to a gateway that is not there', async () => {
    const gone = {
      make: 'ip route add default via 198.18.1.250 dev eth0 table 135',
      undo: 'ip route flush table 135',
    };
    const report = await withFault(client, [...marked, gone], () => look(toServer('-4')));
    const first = expectFirst(report, { id: 'NT-ARP-002', severity: 'critical', says });
    expect(first.summary).toMatch(/^The gateway 198\.18\.1\.250 does not answer/);
  });

  test('to a black hole', async () => {
    const hole = { make: 'ip route add blackhole default table 135', undo: 'ip route flush table 135' };
    expectFirst(await withFault(client, [...marked, hole], () => look(toServer('-4'))), {
      id: 'NT-FW-002',
      severity: 'critical',
      says,
    });
  });

  test('to the same gateway: nothing is said', async () => {
    const same = {
      make: `ip route add default via ${'198.18.1.1'} dev eth0 table 135`,
      undo: 'ip route flush table 135',
    };
    expectSilence(await withFault(client, [...marked, same], () => look(toServer('-4'))));
  });
});
