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
