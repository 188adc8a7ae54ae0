/** Published ports: whether answers get back, and in whose name requests come. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding, Report } from '../../src/model/report.ts';
import { BRIDGE_ADDRESS, Dockerd } from '../docker/dockerd.ts';
import { APP_IMAGE } from '../docker/engine.ts';
import { NameServer } from '../docker/name-server.ts';
import { OUTSIDE, OUTSIDE_LINK, OutsideMachine } from '../docker/outside.ts';
import { nettools } from './support/cli.ts';
import { problems, validReport } from './support/report.ts';

let daemon: Dockerd;
let outside: OutsideMachine;
let names: NameServer;
beforeAll(async () => {
  daemon = await Dockerd.start({ dns: [BRIDGE_ADDRESS] });
  names = await NameServer.start(daemon);
  outside = await OutsideMachine.start(daemon);
});
afterAll(async () => {
  await outside?.stop();
  await names?.stop();
  await daemon?.stop();
});

async function diagnose(container: string): Promise<Report> {
  const words = ['diagnose', `docker://${container}`, '-o', 'json'];
  const { stdout, stderr } = await nettools(words, { env: daemon.env });
  expect(stdout, stderr).toMatch(/^\{/);
  return validReport(JSON.parse(stdout));
}

const named = (report: Report, id: string): Finding | undefined =>
  report.checks.flatMap(({ findings }) => findings).find((finding) => finding.id === id);

describe('NT-DKR-022: the network of a VPN', () => {
  const PORT = 18_300;
  const MARK = '51820';
  let address: string;
  let within: (...argv: readonly string[]) => Promise<string>;

  beforeAll(async () => {
    await daemon.docker('network', 'create', 'vpn');
    await daemon.run('vpn', '--network', 'vpn', '--publish', `${PORT}:8080`, APP_IMAGE);
    await daemon.run('app', '--network', 'container:vpn', APP_IMAGE, 'sleep', 'infinity');
    const [pid = '', own = ''] = (
      await daemon.docker(
        ...['inspect', '--format', '{{.State.Pid}} {{.NetworkSettings.Networks.vpn.IPAddress}}', 'vpn'],
      )
    )
      .trim()
      .split(' ');
    address = own;
    within = (...argv) => daemon.onHost('nsenter', '-t', pid, '-n', ...argv);
    await outside.reaches(OUTSIDE.host, PORT);
  });

  const all = async (): Promise<(Finding | undefined)[]> => [
    named(await diagnose('vpn'), 'NT-DKR-022'),
    named(await diagnose('app'), 'NT-DKR-022'),
  ];

  it('is silent before there is a tunnel', async () => {
    expect(await all()).toEqual([undefined, undefined]);
  });

  it('routing rules that lead answers into the tunnel, and the rule that leads them past it', async () => {
    // As wg-quick does it; this kernel has no WireGuard.
    await within('ip', 'link', 'add', 'wg0', 'type', 'veth', 'peer', 'name', 'wgpeer');
    await within('ip', 'addr', 'add', '198.51.100.2/32', 'dev', 'wg0');
    for (const link of ['wg0', 'wgpeer']) await within('ip', 'link', 'set', link, 'up');
    await within('ip', 'route', 'add', 'default', 'dev', 'wg0', 'table', MARK);
    await within('ip', 'rule', 'add', 'not', 'fwmark', MARK, 'table', MARK);
    await within('ip', 'rule', 'add', 'table', 'main', 'suppress_prefixlength', '0');
    expect(await outside.connects(OUTSIDE.host, PORT)).toBe(false);
    for (const found of await all()) {
      expect(found).toMatchObject({ id: 'NT-DKR-022', severity: 'warning' });
      expect(found?.summary).toMatch(
        /^Who connects to published port 18300\/tcp \(8080 in the container\) of "vpn" from 198\.18\.130\.1\/24, the network of the host's outside0, gets no answer: what it answers 198\.18\.130\.2 leaves by wg0 and not by eth0, by routing rule "\d+: not from all fwmark 0xca6c lookup 51820" and its route "default dev wg0 table 51820.*"\.$/,
      );
    }
    await within('ip', 'rule', 'add', 'from', address, 'lookup', 'main', 'priority', '10');
    await outside.reaches(OUTSIDE.host, PORT);
    expect(await all()).toEqual([undefined, undefined]);
  });

  it('a kill switch that drops answers, and the rule that lets them pass', async () => {
    const kill = ['!', '-o', 'wg0', '-m', 'mark', '!', '--mark', MARK, '-j', 'DROP'];
    await within('iptables', '-A', 'OUTPUT', ...kill);
    expect(await outside.connects(OUTSIDE.host, PORT)).toBe(false);
    for (const found of await all()) {
      expect(found?.summary).toMatch(
        /gets no answer: what it answers 198\.18\.130\.2 is stopped by a rule of its own network: iptables -t filter -A OUTPUT ! -o wg0 .*-j DROP\.$/,
      );
    }
    await within('iptables', '-I', 'OUTPUT', '-m', 'conntrack', '--ctstate', 'ESTABLISHED', '-j', 'ACCEPT');
    await outside.reaches(OUTSIDE.host, PORT);
    expect(await all()).toEqual([undefined, undefined]);
  });
});

describe('NT-DKR-021: IPv6 clients of a container that has IPv4 alone', () => {
  beforeAll(async () => {
    await daemon.docker('network', 'create', 'four');
    await daemon.docker('network', 'create', '--ipv6', '--subnet', '2001:db8:49::/64', 'both');
    await daemon.run('four', '--network', 'four', '--publish', '18310:8080', APP_IMAGE);
    await daemon.run('both', '--network', 'both', '--publish', '18311:8080', APP_IMAGE);
    await daemon.run('plain', '--network', 'four', '--publish', '0.0.0.0:18312:8080', APP_IMAGE);
  });

  it('is an info where others can come by IPv6, and nothing else', async () => {
    expect(named(await diagnose('four'), 'NT-DKR-021')).toBeUndefined();
    await daemon.onHost('ip', 'addr', 'add', '2001:db8:48::1/64', 'dev', OUTSIDE_LINK, 'nodad');
    await outside.run('ip', 'addr', 'add', '2001:db8:48::2/64', 'dev', 'eth0', 'nodad');
    await outside.reaches('2001:db8:48::1', 18_310);
    const report = await diagnose('four');
    expect(problems(report)).toEqual([]);
    const found = named(report, 'NT-DKR-021');
    expect(found?.severity).toBe('info');
    expect(found?.summary).toMatch(
      /^Clients that come to published port \[::\]:18310\/tcp \(8080 in the container\) by IPv6 are taken by docker-proxy, which asks "four" by IPv4: the container sees 198\.18\.\d+\.1, the gateway of network four, as the client of each\.$/,
    );
  });

  it('is silent of a container that has IPv6, and of a port on IPv4 alone', async () => {
    for (const name of ['both', 'plain']) expect(named(await diagnose(name), 'NT-DKR-021')).toBeUndefined();
  });
});
