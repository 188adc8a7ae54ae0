/** What somebody changed on a Docker host since the engine made its networks and published ports. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { BRIDGE_ADDRESS, Dockerd } from '../docker/dockerd.ts';
import { APP_IMAGE } from '../docker/engine.ts';
import { NameServer } from '../docker/name-server.ts';
import { OUTSIDE, OUTSIDE_LINK, OutsideMachine } from '../docker/outside.ts';
import { nettools } from './support/cli.ts';
import { leads, problems, validReport } from './support/report.ts';

let daemon: Dockerd;
let names: NameServer;
let outside: OutsideMachine;
let bridge: string;
beforeAll(async () => {
  daemon = await Dockerd.start({ dns: [BRIDGE_ADDRESS] });
  names = await NameServer.start(daemon);
  outside = await OutsideMachine.start(daemon);
  const id = (await daemon.docker('network', 'create', 'lan')).trim();
  bridge = `br-${id.slice(0, 12)}`;
  for (const name of ['web', 'peer']) await daemon.run(name, '--network', 'lan', APP_IMAGE);
});
afterAll(async () => {
  await outside?.stop();
  await names?.stop();
  await daemon?.stop();
});

async function diagnose(container: string, ...more: readonly string[]): Promise<Report> {
  const words = ['diagnose', `docker://${container}`, ...more, '-o', 'json'];
  const { stdout, stderr } = await nettools(words, { env: daemon.env });
  expect(stdout, stderr).toMatch(/^\{/);
  return validReport(JSON.parse(stdout));
}

const host = (words: string): Promise<string> => daemon.onHost(...words.split(' '));
const peer = ['--to', 'peer:8080'] as const;
const there = `http://${OUTSIDE.address}:${OUTSIDE.port}/`;

describe("NT-DKR-036: the host's end of a network", () => {
  const says = async (...to: readonly string[]): Promise<string> => {
    const report = await diagnose('web', ...to);
    const [lead] = leads(report);
    expect(lead?.id, JSON.stringify(problems(report), undefined, 1)).toBe('NT-DKR-036');
    expect(lead?.severity).toBe('critical');
    return lead?.summary ?? '';
  };

  /** The host's end of the interface of web. */
  async function hostEnd(): Promise<string> {
    const index = (await daemon.docker('exec', 'web', 'cat', '/sys/class/net/eth0/iflink')).trim();
    const line = (await host('ip -o link')).split('\n').find((one) => one.startsWith(`${index}: `));
    return /^\d+: ([^@:]+)/.exec(line ?? '')?.[1] ?? '';
  }

  it('is silent of what Docker made', async () => {
    expect(problems(await diagnose('web', ...peer))).toEqual([]);
    expect(problems(await diagnose('web', '--to', there))).toEqual([]);
  });

  it('names a bridge without its address', async () => {
    const address = /inet (198\.18\.\d+\.1\/24)/.exec(await host(`ip addr show dev ${bridge}`))?.[1] ?? '';
    await host(`ip addr del ${address} dev ${bridge}`);
    try {
      expect(await says('--to', there)).toBe(
        `The Docker host's end of network lan is not as Docker made it: the bridge ${bridge} has no IPv4 address (it should have that of the gateway, ${address.replace('/24', '')}).`,
      );
    } finally {
      await host(`ip addr add ${address} dev ${bridge}`);
    }
  });

  it('names an end that is plugged into no bridge, and a restart cures it', async () => {
    const end = await hostEnd();
    await host(`ip link set ${end} nomaster`);
    expect(await says(...peer)).toMatch(
      new RegExp(`: ${end}, the host's end of the container's interface, is plugged into no bridge `),
    );
    await daemon.docker('restart', '--time', '0', 'web');
    expect(problems(await diagnose('web', ...peer))).toEqual([]);
  });

  it('names a port that the spanning tree keeps shut', async () => {
    await host(`ip link set ${bridge} type bridge stp_state 1 forward_delay 3000`);
    try {
      await daemon.docker('restart', '--time', '0', 'web');
      expect(await says(...peer)).toMatch(
        / is (listening|learning), and does not forward yet: the bridge has a spanning tree \(STP\)\.$/,
      );
    } finally {
      await host(`ip link set ${bridge} type bridge stp_state 0`);
      await daemon.docker('restart', '--time', '0', 'web');
    }
  });
});

describe('NT-DKR-037: a port on an address of before', () => {
  it('names it, and is silent where programs may wait for an address', async () => {
    const [old, new_] = ['198.18.130.7', '198.18.130.8'];
    await daemon.removed('bound');
    await host(`ip addr replace ${old}/32 dev ${OUTSIDE_LINK}`);
    await daemon.run('bound', '--network', 'lan', '--publish', `${old}:18237:8080`, APP_IMAGE);
    expect(problems(await diagnose('bound'))).toEqual([]);
    await host(`ip addr replace ${new_}/32 dev ${OUTSIDE_LINK}`);
    await host(`ip addr del ${old}/32 dev ${OUTSIDE_LINK}`);
    const [lead, ...more] = leads(await diagnose('bound'));
    expect(lead?.id).toBe('NT-DKR-037');
    expect(lead?.severity).toBe('warning');
    expect(lead?.summary).toBe(
      `Published port ${old}:18237/tcp (8080 in the container) of "bound" waits at ${old}, and no interface of the Docker host has that address: nobody gets to it.`,
    );
    expect(more).toEqual([]);
    await host('sysctl -qw net.ipv4.ip_nonlocal_bind=1');
    try {
      expect(problems(await diagnose('bound'))).toEqual([]);
    } finally {
      await host('sysctl -qw net.ipv4.ip_nonlocal_bind=0');
    }
    await daemon.removed('bound');
    await host(`ip addr del ${new_}/32 dev ${OUTSIDE_LINK}`);
  });
});

describe("NT-DKR-018: a network within the prefix of the host's own link", () => {
  const FAR = '2001:db8:130::2';

  it('names the missing proxy, and is silent where there is one', async () => {
    await daemon.removed('six');
    await host(`ip addr replace 2001:db8:130::1/64 dev ${OUTSIDE_LINK} nodad`);
    await outside.run('ip', 'addr', 'replace', `${FAR}/64`, 'dev', 'eth0', 'nodad');
    await host('sysctl -qw net.ipv6.conf.all.forwarding=1');
    await host(`sysctl -qw net.ipv6.conf.${OUTSIDE_LINK}.proxy_ndp=1`);
    const subnets = ['--subnet', '198.18.151.0/24', '--subnet', '2001:db8:130:0:77::/80'];
    await daemon.docker('network', 'create', '--ipv6', ...subnets, 'six');
    await daemon.run('six', '--network', 'six', APP_IMAGE);
    const format = '{{.NetworkSettings.Networks.six.GlobalIPv6Address}}';
    const own = (await daemon.docker('inspect', '--format', format, 'six')).trim();
    const to = ['--to', `[${FAR}]:${OUTSIDE.port}`];
    const [lead] = leads(await diagnose('six', ...to));
    expect(lead?.id).toBe('NT-DKR-018');
    expect(lead?.summary).toContain(
      `leaves with source ${own}, and that is in the prefix of ${OUTSIDE_LINK} itself (2001:db8:130::1/64): `,
    );
    // As the remedy says.
    await host(`ip -6 neigh add proxy ${own} dev ${OUTSIDE_LINK}`);
    await outside.run('ip', '-6', 'neigh', 'flush', 'dev', 'eth0');
    try {
      expect(problems(await diagnose('six', ...to))).toEqual([]);
    } finally {
      await host(`ip -6 neigh del proxy ${own} dev ${OUTSIDE_LINK}`);
      await outside.run('ip', '-6', 'neigh', 'flush', 'dev', 'eth0');
    }
  });
});
