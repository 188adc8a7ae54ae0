/** NT-DKR-037: a port that waits at an address of before. */
import { describe, expect, it } from 'vitest';
import docker from '../../../../src/checks/docker/check.ts';
import type { DockerInput } from '../../../../src/checks/docker/facts.ts';
import { hostAfter } from '../../../../src/checks/docker/host-plan.ts';
import { judgeDocker } from '../../../../src/checks/docker/judge.ts';
import { PROBE_SCRIPTS } from '../../../../src/probes/scripts.ts';
import { recording } from '../../../recordings/recordings.ts';
import { evidence, result } from '../results.ts';
import { input } from './build.ts';

const RULES = recording('docker-host-rules').stdout;
const PORT = { port: 8080, protocol: 'tcp', hostAddress: '198.51.100.7', hostPort: 18090 } as const;
const LISTENS = 'tcp LISTEN 0 4096 198.51.100.7:18090 0.0.0.0:*\n';

interface Host {
  readonly address?: string;
  readonly listeners?: string;
  readonly binds?: string;
  readonly routes?: readonly object[];
}

function found(
  { address = '198.51.100.9', listeners = LISTENS, binds = '0\n0\n', routes = [] }: Host,
  published: DockerInput['published'] = [PORT],
): string[] {
  const save = { command: ['iptables-save', '-c'] };
  const interfaces = [
    { ifname: 'eth0', addr_info: [{ family: 'inet', local: address, prefixlen: 24, scope: 'global' }] },
  ];
  const all = evidence({
    'host-iptables-before': result(RULES, save),
    'host-iptables-after': result(RULES, save),
    'host-nft-after': result('{"nftables":[]}'),
    'host-addresses': result(JSON.stringify(interfaces)),
    'host-routes': result(JSON.stringify(routes)),
    'host-listeners': result(listeners),
    'host-nonlocal-bind': result(binds),
  });
  return judgeDocker(all, input({ published, proxies: [] }))
    .findings.filter(({ id }) => id === 'NT-DKR-037')
    .map(({ severity, summary }) => `${severity}: ${summary}`);
}

describe('NT-DKR-037', () => {
  it('names a port that waits at an address which the host has no more', () => {
    expect(found({})).toEqual([
      'warning: Published port 198.51.100.7:18090/tcp (8080 in the container) of "web" waits at 198.51.100.7, and no interface of the Docker host has that address: nobody gets to it.',
    ]);
  });

  it.each<[string, Host]>([
    ['the host has it', { address: '198.51.100.7' }],
    [
      'it is local by a route',
      { routes: [{ type: 'local', dst: '198.51.100.0/24', dev: 'lo', table: 'local' }] },
    ],
    ['programs may wait for an address to come', { binds: '1\n0\n' }],
    ['it is not known whether they may', { binds: '' }],
    ['nobody waits there, as of an engine that does so by a forwarder elsewhere', { listeners: '' }],
    ['another port is waited for', { listeners: LISTENS.replace('18090', '18091') }],
  ])('is silent where %s', (_, host) => {
    expect(found(host)).toEqual([]);
  });

  it('is silent of ports on all addresses and on loopback', () => {
    for (const hostAddress of ['0.0.0.0', '::', '127.0.0.1', '127.0.0.53', '::1'])
      expect(
        found({ listeners: LISTENS.replace('198.51.100.7', hostAddress) }, [{ ...PORT, hostAddress }]),
      ).toEqual([]);
  });

  it('asks the host only where it matters', () => {
    const asks = (hostAddress: string): boolean =>
      hostAfter([{ ...PORT, hostAddress }], [], PROBE_SCRIPTS)
        .phases.flat()
        .some(({ id }) => id === 'nonlocal-bind');
    expect(asks('198.51.100.7')).toBe(true);
    expect(asks('0.0.0.0')).toBe(false);
    expect(docker.findings.map(({ id }) => id)).toContain('NT-DKR-037');
  });
});
