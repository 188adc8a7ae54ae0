/** What a container is told of name servers by an engine whose host has none that a container could use. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Finding } from '../../src/model/report.ts';
import { BRIDGE_ADDRESS, Dockerd } from '../docker/dockerd.ts';
import { APP_IMAGE } from '../docker/engine.ts';
import { KNOWN_NAME, NameServer } from '../docker/name-server.ts';
import { nettools } from './support/cli.ts';
import { problems, validReport } from './support/report.ts';

let daemon: Dockerd;
let names: NameServer;

beforeAll(async () => {
  daemon = await Dockerd.start({ hostResolvConf: 'nameserver 127.0.0.1\n' });
  names = await NameServer.start(daemon);
});
afterAll(async () => {
  await names?.stop();
  await daemon?.stop();
});

async function dnsOf(name: string, ...flags: readonly string[]): Promise<Finding[]> {
  await daemon.run(name, ...flags, APP_IMAGE);
  const words = ['dns', `docker://${name}`, KNOWN_NAME.name, '-o', 'json'];
  const { stdout, stderr } = await nettools(words, { env: daemon.env });
  expect(stdout, stderr).toMatch(/^\{/);
  return problems(validReport(JSON.parse(stdout)));
}

it("public servers in place of the host's", async () => {
  const [first, ...rest] = await dnsOf('web');
  expect(first).toMatchObject({ id: 'NT-DNS-010', severity: 'critical' });
  expect(first?.summary).toMatch(
    /^resolv\.conf names 8\.8\.8\.8 and 8\.8\.4\.4, public servers that Docker cho(?:se|oses) because .*: none of them answers\.$/,
  );
  expect(rest.map(({ causedBy }) => causedBy)).toEqual(rest.map(() => 'NT-DNS-010'));
});

it('is silent where the container is told of a server', async () => {
  expect(await dnsOf('told', '--dns', BRIDGE_ADDRESS)).toEqual([]);
});

/** Of a container that runs already. */
async function findingsOf(container: string, name: string): Promise<Finding[]> {
  const words = ['dns', `docker://${container}`, name, '-o', 'json'];
  const { stdout, stderr } = await nettools(words, { env: daemon.env });
  expect(stdout, stderr).toMatch(/^\{/);
  return validReport(JSON.parse(stdout)).checks.flatMap(({ findings }) => findings);
}

it('a name in .local, which is asked for by multicast', async () => {
  const found = await findingsOf('told', 'printer.local');
  expect(found.find(({ id }) => id === 'NT-DNS-005')?.summary).toMatch(
    /^printer\.local does not exist: .*names in \.local are resolved by multicast \(mDNS\) on the host's link/,
  );
  const other = await findingsOf('told', 'printer.corp.test');
  expect(other.find(({ id }) => id === 'NT-DNS-005')?.summary).not.toContain('mDNS');
});

it('a firewall of the host that rejects what a container asks', async () => {
  const rule = ['INPUT', '-i', 'docker0', '-p', 'udp', '--dport', '53', '-j', 'REJECT'];
  const kind = ['--reject-with', 'icmp-admin-prohibited'];
  await daemon.onHost('iptables', '-I', ...rule, ...kind);
  try {
    const [first] = (await findingsOf('told', KNOWN_NAME.name)).filter(({ severity }) => severity !== 'info');
    expect(first).toMatchObject({ id: 'NT-DNS-001', severity: 'critical' });
    expect(first?.summary).toMatch(
      /sending fails with ".*", while the same server answers over TCP: the path works, and a firewall on it rejects UDP 53/,
    );
  } finally {
    await daemon.onHost('iptables', '-D', ...rule, ...kind);
  }
  expect((await findingsOf('told', KNOWN_NAME.name)).filter(({ severity }) => severity !== 'info')).toEqual(
    [],
  );
});

it("the engine's own name server, whose rules in the container are gone", async () => {
  await daemon.docker('network', 'create', 'names');
  await daemon.run('meshed', '--network', 'names', '--dns', BRIDGE_ADDRESS, APP_IMAGE);
  expect((await findingsOf('meshed', 'meshed')).filter(({ severity }) => severity !== 'info')).toEqual([]);
  const pid = (await daemon.docker('inspect', '--format', '{{.State.Pid}}', 'meshed')).trim();
  await daemon.onHost('nsenter', '-t', pid, '-n', 'iptables', '-t', 'nat', '-F');
  const [first] = (await findingsOf('meshed', 'meshed')).filter(({ severity }) => severity !== 'info');
  expect(first).toMatchObject({ id: 'NT-DNS-002', severity: 'critical' });
  expect(first?.summary).toMatch(
    /it is Docker's own name server, and the rules in the container's network that redirect to it \(DOCKER_OUTPUT in its nat table\) are gone/,
  );
});
