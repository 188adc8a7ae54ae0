/**
 * Every row of the table that tells causes apart: each fault is made in real namespaces (pods' own and the nodes'), and
 * the built binary has to tell it from all others.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { nodes } from '../cluster/paths.ts';
import { until } from '../cluster/proc.ts';
import { pod, testNamespace } from '../e2e/support/cluster.ts';
import { type Pods, quoted, ROWS, rules, seenIn, toServer } from './causes.ts';
import { checkReport, type Expected, expectFirst, expectSilence } from './named.ts';
import { type PodNetns, podNetns, withFault } from './pod-netns.ts';
import { withTraffic } from './traffic.ts';

const ns = testNamespace('f-discriminator');
const firewall = (to: string, ...flags: string[]): Promise<Report> =>
  checkReport('firewall', ['client', '-n', ns.name, '--to', to, ...flags]);
const pods = (): Pods => ({ client, server });

let client: PodNetns;
let server: PodNetns;

const children = new Set<ReturnType<typeof spawn>>();

beforeAll(async () => {
  await ns.start(
    pod('client', { spec: { nodeName: 'node1' } }),
    pod('server', { spec: { nodeName: 'node2' } }),
  );
  client = await podNetns(ns.name, 'client');
  server = await podNetns(ns.name, 'server');
});

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});

const critical = (id: string, says: RegExp): Expected => ({ id, severity: 'critical', says });

describe('causes are told apart', () => {
  test.each(ROWS)('$cause', async ({ to, kind, seen, evidence, expected, inCluster, where, steps }) => {
    const report = await withFault(where?.(pods()) ?? client, steps?.(pods()) ?? [], () =>
      firewall(to(pods())),
    );
    expect(quoted(expectFirst(report, inCluster ?? expected))).toMatch(evidence);
    expect(seenIn(report)).toEqual({ kind, seen: expect.stringMatching(seen) });
  });

  // Neither NET_ADMIN nor NET_RAW: the kernel tells the probe's own socket of ICMP errors, and everybody its counters.
  test.each(ROWS.filter(({ restricted }) => restricted !== false))('$cause, without rights', async (row) => {
    const { to, where, steps, restricted, seen } = row;
    const { kind, expected } = restricted || row;
    const report = await withFault(where?.(pods()) ?? client, steps?.(pods()) ?? [], () =>
      firewall(to(pods()), '--profile', 'restricted'),
    );
    expectFirst(report, row.inCluster ?? expected);
    expect(seenIn(report)).toEqual({ kind, seen: expect.stringMatching(seen) });
  });

  test('no fault: silent', async () => {
    const report = await firewall(toServer(pods()));
    expectSilence(report);
    expect(seenIn(report).kind).toBe('open');
    expect(report.verdict).toBe('pass');
  });

  test('no listener and REJECT with tcp-reset: the sockets of the destination separate the two', async () => {
    const reset = rules('input', 'tcp dport 8080 reject with tcp reset');
    await withFault(server, reset, async () => {
      // Both look the same from the client, whose report says where to look.
      for (const port of [8080, 8081]) {
        const first = expectFirst(
          await firewall(`pod/server:${port}`),
          critical('NT-SOCK-001', /refuses the connection itself/),
        );
        expect(first.remediation).toContain(`kubectl nettools sockets server -n ${ns.name}`);
      }
      const { checks } = await checkReport('sockets', ['server', '-n', ns.name]);
      // 8080 is listened on, so a filter resets it; on 8081 nobody listens.
      expect(checks[0]?.measurements['listeners']).toMatchObject([{ port: 8080, loopbackOnly: false }]);
    });
  });

  test('a router that calls a header of the packets wrong', async () => {
    const on = nodes.find(({ name }) => name === 'node1');
    const script = join(import.meta.dirname, 'parameter-problem.pl');
    const answers = ['perl', script, '8080', client.gateway];
    // Its own answer would come sooner.
    const drop = rules('forward', `ip saddr ${client.address} tcp dport 8080 drop`);
    await withFault(client.node, drop, () =>
      withTraffic(join('/run/netns', on?.netns ?? ''), answers, async () => {
        const report = await firewall(toServer(pods()));
        const first = expectFirst(
          report,
          critical(
            'NT-FW-012',
            /is not reached: the default gateway 198\.18\.1\.1 calls a header of what is sent wrong \(ICMP parameter problem\); connecting fails with "Protocol error"/,
          ),
        );
        expect(quoted(first)).toMatch(/IP 198\.18\.1\.1 > [\d.]+: ICMP parameter problem/);
        expect(seenIn(report).kind).toBe('wrong-header');
        // Who may not listen has it from the socket.
        expectFirst(
          await firewall(toServer(pods()), '--profile', 'restricted'),
          critical('NT-FW-012', /: the default gateway 198\.18\.1\.1 calls a header of what is sent wrong/),
        );
      }),
    );
  });

  test('no ephemeral port left', async () => {
    const range = (await client.run('sysctl', '-n', 'net.ipv4.ip_local_port_range')).trim();
    await client.run('sysctl', '-qw', 'net.ipv4.ip_local_port_range=45000 45001');
    try {
      // A server that keeps what connects; the sample application hangs up.
      children.add(
        spawn('nsenter', [
          `--net=/proc/${server.pid}/ns/net`,
          'socat',
          'TCP-LISTEN:7000,fork,reuseaddr',
          'EXEC:sleep 300',
        ]),
      );
      await until(
        'the server listens',
        60,
        async () => (await server.run('ss', '-ltnH')).includes(':7000 ') || 'not yet',
      );
      for (let i = 0; i < 2; i++)
        children.add(
          spawn('nsenter', [
            `--net=/proc/${client.pid}/ns/net`,
            'socat',
            `TCP:${server.address}:7000`,
            'EXEC:sleep 300',
          ]),
        );
      await until('both ports are taken', 60, async () => {
        const taken = (await client.run('ss', '-tnH', 'state', 'established', 'dport', '=', ':7000')).trim();
        return taken.split('\n').length === 2 || taken;
      });
      const report = await firewall(`${server.address}:7000`);
      expectFirst(
        report,
        critical('NT-SOCK-004', /No local port is left .* "Cannot assign requested address"/),
      );
      expect(seenIn(report).kind).toBe('no-local-port');
    } finally {
      await client.run('sysctl', '-qw', `net.ipv4.ip_local_port_range=${range}`);
    }
  });
});
