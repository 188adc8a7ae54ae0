/** An overlay between two engines of a swarm, over a network that carries less than they think. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Finding, Report } from '../../src/model/report.ts';
import { run, until } from '../cluster/proc.ts';
import { BRIDGE_ADDRESS, Dockerd } from '../docker/dockerd.ts';
import { APP_IMAGE } from '../docker/engine.ts';
import { NameServer } from '../docker/name-server.ts';
import { type EnginePlace, inside, makePlace, removePlace } from '../docker/place.ts';
import { nettools } from './support/cli.ts';
import { problems, validReport } from './support/report.ts';

const UPLINK = 'uplink0';
const HERE = '198.18.131.1';
const THERE = '198.18.132.1';

let here: Dockerd;
let there: Dockerd;
let router: EnginePlace;
let names: NameServer;
let peer: string;

beforeAll(async () => {
  here = await Dockerd.start({ dns: [BRIDGE_ADDRESS] });
  there = await Dockerd.start();
  names = await NameServer.start(here);
  router = await makePlace('rtr');
  await connect(here, HERE, 'to-here');
  await connect(there, THERE, 'to-there');
  await onRouter('sysctl', '-qw', 'net.ipv4.ip_forward=1');
  await here.docker('swarm', 'init', '--advertise-addr', HERE);
  const token = (await here.docker('swarm', 'join-token', '--quiet', 'worker')).trim();
  await there.docker('swarm', 'join', '--token', token, '--advertise-addr', THERE, `${HERE}:2377`);
  await here.docker('network', 'create', '--driver', 'overlay', '--attachable', 'wide');
  await here.run('one', '--network', 'wide', APP_IMAGE);
  await there.run('two', '--network', 'wide', APP_IMAGE);
  const address = '{{.NetworkSettings.Networks.wide.IPAddress}}';
  peer = (await there.docker('inspect', '--format', address, 'two')).trim();
  await until('the overlay', 60, async () =>
    (await here.docker('exec', 'one', 'wget', '-qO-', `http://${peer}:8080/`).catch(() => '')) !== ''
      ? true
      : 'nothing gets there',
  );
});
afterAll(async () => {
  await names?.stop();
  await here?.stop();
  await there?.stop();
  if (router) await removePlace(router);
});

const onRouter = (...argv: readonly string[]): Promise<string> => run([...inside(router), ...argv]);

async function connect(daemon: Dockerd, address: string, name: string): Promise<void> {
  const gateway = address.replace(/\.1$/, '.2');
  const ends = ['netns', daemon.place.netns, 'type', 'veth', 'peer', 'name', name, 'netns', router.netns];
  await run(['ip', 'link', 'add', UPLINK, ...ends]);
  await daemon.onHost('ip', 'addr', 'add', `${address}/24`, 'dev', UPLINK);
  await daemon.onHost('ip', 'link', 'set', UPLINK, 'up');
  await onRouter('ip', 'addr', 'add', `${gateway}/24`, 'dev', name);
  await onRouter('ip', 'link', 'set', name, 'up');
  await daemon.onHost('ip', 'route', 'add', 'default', 'via', gateway);
}

async function found(): Promise<Finding[]> {
  const words = ['diagnose', 'docker://one', '--to', `${peer}:8080`, '-o', 'json'];
  const { stdout, stderr } = await nettools(words, { env: here.env });
  expect(stdout, stderr).toMatch(/^\{/);
  const report: Report = validReport(JSON.parse(stdout));
  return problems(report);
}

it('is silent where the network carries what the tunnel sends', async () => {
  expect(await found()).toEqual([]);
});

// First: what a router has said once is kept for ten minutes, and the tunnel keeps to it.
it('names NT-DKR-033 where nobody says so, and what follows from it', async () => {
  await onRouter(
    'nft',
    'add table inet hole { chain f { type filter hook forward priority 0; meta length gt 1400 drop; }; }',
  );
  try {
    const all = await found();
    const [lead, ...more] = all.filter(({ causedBy }) => causedBy === undefined);
    expect(lead?.id, JSON.stringify(all)).toBe('NT-DKR-033');
    expect(lead?.severity).toBe('warning');
    expect(lead?.summary).toMatch(/ carries 1400 \(nobody says so\): /);
    expect(more).toEqual([]);
    expect(all.find(({ id }) => id === 'NT-MTU-001')?.causedBy).toBe('NT-DKR-033');
  } finally {
    await onRouter('nft', 'delete', 'table', 'inet', 'hole');
  }
});

it('names NT-DKR-033: a router that says how much it carries', async () => {
  await onRouter('ip', 'link', 'set', 'to-there', 'mtu', '1400');
  try {
    const [lead] = await found();
    expect(lead?.id, JSON.stringify(lead)).toBe('NT-DKR-033');
    expect(lead?.summary).toMatch(
      /^Overlay wide sends packets of up to 1500 bytes to 198\.18\.132\.1, another host of it .*, and the network between the hosts carries 1400 \(says 198\.18\.131\.2\): larger ones are lost or go in fragments\.$/,
    );
    expect(lead?.remediation).toContain('--opt com.docker.network.driver.mtu=1400');
  } finally {
    await onRouter('ip', 'link', 'set', 'to-there', 'mtu', '1500');
  }
});
