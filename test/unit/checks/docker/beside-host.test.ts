/** NT-DKR-034: what the host and a container on macvlan say of the same gateway. */
import { describe, expect, it } from 'vitest';
import type { DockerInput } from '../../../../src/checks/docker/facts.ts';
import { judgeDocker } from '../../../../src/checks/docker/judge.ts';
import { evidence, result } from '../results.ts';
import { input, lan } from './build.ts';

const MAC: DockerInput = input({
  mode: 'mac',
  networks: [{ ...lan, name: 'mac', driver: 'macvlan', parent: 'eth1', gateway: '198.18.130.2' }],
});
const ping = (received: number): string =>
  `2 packets transmitted, ${received} received, ${100 - received * 50}% packet loss, time 1001ms\n`;

/** Of the host: it has an address on the parent. */
const BESIDE = [{ dst: '198.18.130.0/24', dev: 'eth1', scope: 'link', prefsrc: '198.18.130.1' }];

function named(
  container: number,
  host: number,
  state: string | undefined,
  asked = MAC,
  routes: readonly object[] = BESIDE,
): readonly string[] {
  const entries = JSON.stringify(
    state === undefined ? [] : [{ dst: '198.18.130.2', dev: 'eth0', state: [state] }],
  );
  const run = evidence({
    'resolv-conf': result('nameserver 127.0.0.11\n'),
    'parent-gateway-0': result(ping(container), { command: ['ping'] }),
    'host-parent-gateway-0': result(ping(host), { command: ['ping'] }),
    'host-routes': result(JSON.stringify(routes)),
    neighbours: result(entries),
  });
  return judgeDocker(run, asked)
    .findings.filter(({ id }) => id === 'NT-DKR-034')
    .map(({ severity, summary }) => `${severity}: ${summary.split(', and')[0]}`);
}

describe('NT-DKR-034', () => {
  it('is of a gateway that the host reaches, and the container does not', () => {
    const found = ['critical: The Docker host reaches 198.18.130.2, the gateway of the macvlan network mac'];
    expect(named(0, 2, 'FAILED')).toEqual(found);
    expect(named(0, 2, 'INCOMPLETE')).toEqual(found);
  });

  it.each([
    ['the container reaches it', 2, 2, 'REACHABLE'],
    ['nobody does: it may answer no echo requests', 0, 0, 'FAILED'],
    ['it answers ARP of the container: a filter by addresses', 0, 2, 'REACHABLE'],
    ['what the container knows of it is from before', 0, 2, 'STALE'],
    ['it has not been asked for yet', 0, 2, 'DELAY'],
    ['nothing leaves the container: a VPN client that lets nothing else out', 0, 2, undefined],
  ] as const)('is silent where %s', (_what, container, host, state) => {
    expect(named(container, host, state)).toEqual([]);
  });

  it('is silent where the host reaches it by another link: a VLAN on which it has no address', () => {
    const elsewhere = [{ dst: 'default', gateway: '192.0.2.1', dev: 'eth0' }];
    expect(named(0, 2, 'FAILED', MAC, elsewhere)).toEqual([]);
    expect(named(0, 2, 'FAILED', MAC, [...elsewhere, { dst: '198.18.130.0/24', dev: 'eth0' }])).toEqual([]);
  });

  it('is silent about a network on which nobody has a MAC address of its own', () => {
    const networks = MAC.networks.map((one) => ({ ...one, driver: 'ipvlan' }));
    expect(named(0, 2, 'FAILED', { ...MAC, networks })).toEqual([]);
  });
});
