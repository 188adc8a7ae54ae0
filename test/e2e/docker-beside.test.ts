/** Containers beside the target: those that share its network namespace, and those that share a name. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { BRIDGE_ADDRESS, Dockerd } from '../docker/dockerd.ts';
import { APP_IMAGE } from '../docker/engine.ts';
import { NameServer } from '../docker/name-server.ts';
import { nettools } from './support/cli.ts';
import { leads, problems, validReport } from './support/report.ts';

let daemon: Dockerd;
let names: NameServer;
beforeAll(async () => {
  daemon = await Dockerd.start({ dns: [BRIDGE_ADDRESS] });
  names = await NameServer.start(daemon);
});
afterAll(async () => {
  await names?.stop();
  await daemon?.stop();
});

async function diagnose(container: string, ...more: readonly string[]): Promise<Report> {
  const words = ['diagnose', `docker://${container}`, ...more, '-o', 'json'];
  const { stdout, stderr } = await nettools(words, { env: daemon.env });
  expect(stdout, stderr).toMatch(/^\{/);
  return validReport(JSON.parse(stdout));
}

/** A container that serves nothing. */
const idle = (name: string, ...flags: readonly string[]): Promise<string> =>
  daemon.run(name, ...flags, APP_IMAGE, 'sleep', 'infinity');

describe('a network namespace that containers share', () => {
  const PORT = '9000';

  beforeAll(async () => {
    await daemon.docker('network', 'create', 'shared');
    await daemon.run('vpn', '--network', 'shared', APP_IMAGE);
    // As Compose makes it of network_mode: "service:vpn".
    const serve = ['httpd', '-f', '-p', PORT];
    await daemon.run('app', '--network', 'container:vpn', APP_IMAGE, ...serve);
    await idle('client', '--network', 'shared');
  });

  const all = async (): Promise<readonly Report[]> => [
    await diagnose('app'),
    await diagnose('vpn'),
    await diagnose('client', '--to', `vpn:${PORT}`),
  ];

  it('is silent while they do', async () => {
    for (const report of await all()) expect(problems(report)).toEqual([]);
  });

  it('NT-DKR-026: the name of one that has none', async () => {
    const [lead] = leads(await diagnose('client', '--to', `app:${PORT}`));
    expect(lead).toMatchObject({ id: 'NT-DKR-026', severity: 'critical' });
    expect(lead?.summary).toBe(
      'Container "app" shares the network of "vpn" and has no name of its own: what it serves is at vpn:9000.',
    );
    expect(lead?.remediation).toContain('diagnose docker://client --to vpn:9000');
  });

  it('NT-DKR-023 and NT-DKR-024: the other was restarted, and a restart cures it', async () => {
    await daemon.docker('restart', '--time', '0', 'vpn');
    const [app, vpn, client] = (await all()).map(leads);
    expect(app?.map(({ id }) => id)).toEqual(['NT-DKR-023']);
    expect(app?.[0]?.summary).toBe(
      '"app" shares the network of container "vpn", which was started anew since this one joined: it was left in the network namespace of before, with loopback alone.',
    );
    expect(app?.[0]?.remediation).toMatch(/docker restart app$/);
    expect(vpn?.map(({ id, severity }) => ({ id, severity }))).toEqual([
      { id: 'NT-DKR-024', severity: 'warning' },
    ]);
    expect(client?.map(({ id, severity }) => ({ id, severity }))).toEqual([
      { id: 'NT-DKR-024', severity: 'critical' },
    ]);
    expect(client?.[0]?.summary).toMatch(/^vpn:9000 is not served in the network of "vpn": "app"/);
    const [named] = leads(await diagnose('client', '--to', `app:${PORT}`));
    expect(named?.summary).toMatch(/what it serves is at vpn:9000, once it is restarted/);
    await daemon.docker('restart', '--time', '0', 'app');
    for (const report of await all()) expect(problems(report)).toEqual([]);
  });

  it('NT-DKR-023: the other does not run, or was removed', async () => {
    await daemon.docker('stop', '--time', '0', 'vpn');
    const [stopped] = leads(await diagnose('app'));
    expect(stopped?.id).toBe('NT-DKR-023');
    expect(stopped?.summary).toMatch(/"vpn", which does not run/);
    expect(stopped?.remediation).toMatch(/docker start vpn\ndocker restart app$/);
    await daemon.docker('rm', 'vpn');
    await daemon.run('vpn', '--network', 'shared', APP_IMAGE);
    const [gone] = leads(await diagnose('app'));
    expect(gone?.id).toBe('NT-DKR-023');
    expect(gone?.summary).toMatch(/container [0-9a-f]{12}, which is gone/);
    // The engine holds on to the id of the one that it joined.
    await expect(daemon.docker('restart', '--time', '0', 'app')).rejects.toThrow(/No such container/);
    expect(gone?.remediation).toMatch(/force-recreate/);
    expect(gone?.remediation).not.toMatch(/docker restart/);
  });
});

describe('NT-DKR-025: one name of several containers', () => {
  beforeAll(async () => {
    for (const name of ['one', 'two']) await daemon.docker('network', 'create', name);
    await idle('asks', '--network', 'one');
    await idle('apart', '--network', 'one');
    await daemon.docker('network', 'connect', 'two', 'asks');
  });

  it('is silent of a name that one container has, and of replicas that all serve', async () => {
    await daemon.run('serves', '--network', 'one', '--network-alias', 'api', APP_IMAGE);
    expect(problems(await diagnose('asks', '--to', 'api:8080'))).toEqual([]);
    await daemon.run('replica', '--network', 'one', '--network-alias', 'api', APP_IMAGE);
    const report = await diagnose('asks', '--to', 'api:8080');
    expect(problems(report)).toEqual([]);
    expect(report.checks.flatMap(({ findings }) => findings).map(({ id }) => id)).not.toContain('NT-DKR-025');
    await daemon.docker('rm', '--force', 'replica');
  });

  it('names the one that does not serve, whichever of them the name led to', async () => {
    await idle('idles', '--network', 'one', '--network-alias', 'api');
    // In changing order: each run may meet the other one.
    for (let i = 0; i < 3; i++) {
      const found = leads(await diagnose('asks', '--to', 'api:8080'));
      expect(found.map(({ id }) => id)).toEqual(['NT-DKR-025']);
      expect(found[0]?.summary).toMatch(
        /^api:8080 stands for 2 containers: "serves" \(198\.18\.\d+\.\d+\) takes connections, and "idles" \(198\.18\.\d+\.\d+\) does not: "Connection refused"\. A program gets now one of them, now another\.$/,
      );
    }
    await daemon.docker('rm', '--force', 'idles');
    expect(problems(await diagnose('asks', '--to', 'api:8080'))).toEqual([]);
  });

  it('names it where they are on different networks of the target', async () => {
    await idle('elsewhere', '--network', 'two', '--network-alias', 'api');
    const [found] = leads(await diagnose('asks', '--to', 'api:8080'));
    expect(found?.id).toBe('NT-DKR-025');
    expect(found?.summary).toMatch(
      /"serves" \(\S+ on one\) takes connections, and "elsewhere" \(\S+ on two\) does not: .*depends on the order of its networks\.$/,
    );
    // Of a network that the target is not on, nobody hears.
    expect(problems(await diagnose('apart', '--to', 'api:8080'))).toEqual([]);
  });

  it('names an address of a container on two networks that does not serve', async () => {
    const wait = 'until ip addr show eth1 >/dev/null 2>&1; do sleep 0.2; done';
    const own = `$(hostname -i | cut -d" " -f1)`;
    await daemon.run(
      ...([
        'half',
        '--network',
        'one',
        APP_IMAGE,
        'sh',
        '-c',
        `${wait}; exec httpd -f -p ${own}:8080`,
      ] as const),
    );
    await daemon.docker('network', 'connect', 'two', 'half');
    const [found] = leads(await diagnose('asks', '--to', 'half:8080'));
    expect(found?.id).toBe('NT-DKR-025');
    expect(found?.summary).toMatch(
      /^half:8080 stands for 2 addresses of one container: "half" \(\S+ on one\) takes connections, and "half" \(\S+ on two\) does not/,
    );
  });
});

describe('NT-DKR-027: a hosts file with an address of before', () => {
  it('names it, and is silent of one that is right', async () => {
    await daemon.docker('network', 'create', 'files');
    await daemon.run('target', '--network', 'files', APP_IMAGE);
    const format = '{{.NetworkSettings.Networks.files.IPAddress}}';
    const address = (await daemon.docker('inspect', '--format', format, 'target')).trim();
    const old = address.replace(/\d+$/, '99');
    await idle('stale', '--network', 'files', '--add-host', `target:${old}`);
    await idle('fresh', '--network', 'files', '--add-host', `target:${address}`);
    const found = leads(await diagnose('stale', '--to', 'target:8080'));
    expect(found.map(({ id }) => id)).toEqual(['NT-DKR-027']);
    expect(found[0]?.summary).toBe(
      `The hosts file of "stale" (--add-host, extra_hosts) says that target is ${old}, where nobody takes connections; container "target" has ${address}.`,
    );
    expect(problems(await diagnose('fresh', '--to', 'target:8080'))).toEqual([]);
  });
});

describe('NT-DKR-030: two containers with one MAC address', () => {
  it('names them, and is silent of those that have their own', async () => {
    await daemon.docker('network', 'create', 'macs');
    const mac = ['--mac-address', '02:42:ac:12:00:02'];
    await daemon.run('first', '--network', 'macs', ...mac, APP_IMAGE);
    await idle('third', '--network', 'macs');
    expect(problems(await diagnose('third', '--to', 'first:8080'))).toEqual([]);
    await daemon.run('second', '--network', 'macs', ...mac, APP_IMAGE);
    const [lead] = leads(await diagnose('third', '--to', 'first:8080'));
    expect(lead?.id).toBe('NT-DKR-030');
    expect(lead?.summary).toBe(
      '"first" and "second" have the same MAC address on network macs, 02:42:ac:12:00:02: the bridge sends what is meant for one of them to the one that has sent last.',
    );
    expect(leads(await diagnose('second')).map(({ id }) => id)).toEqual(['NT-DKR-030']);
    expect(problems(await diagnose('third'))).toEqual([]);
  });
});

describe('NT-DKR-031: what the host keeps on its loopback', () => {
  it('names a port that another container publishes there, and is silent of one that all may reach', async () => {
    await daemon.run('kept', '--publish', '127.0.0.1:18520:8080', APP_IMAGE);
    await daemon.run('open', '--publish', '18521:8080', APP_IMAGE);
    await idle('inside', '--add-host', 'host.docker.internal:host-gateway');
    const [lead] = leads(await diagnose('inside', '--to', 'host.docker.internal:18520'));
    expect(lead).toMatchObject({ id: 'NT-DKR-031', severity: 'critical' });
    expect(lead?.summary).toMatch(
      /^host\.docker\.internal:18520 is port 18520 of the Docker host, and it is published on 127\.0\.0\.1 of the host alone \(docker-proxy\): "inside", which comes to [\d.]+, is refused\.$/,
    );
    expect(problems(await diagnose('inside', '--to', 'host.docker.internal:18521'))).toEqual([]);
  });
});

it('the name of a service of Compose is no container, and leads to it', async () => {
  const label = (name: string, value: string): readonly string[] => [
    '--label',
    `com.docker.compose.${name}=${value}`,
  ];
  await idle('shop-cart-1', ...label('project', 'shop'), ...label('service', 'cart'));
  const { code, stderr } = await nettools(['mtu', 'docker://cart'], { env: daemon.env });
  expect(code).toBe(3);
  expect(stderr).toMatch(/there is no container "cart"/);
  expect(stderr).toMatch(/It is a service of Compose, which runs as docker:\/\/shop-cart-1\./);
});
