/** What a container shares with others of its network by accident, and what its host keeps to itself. */
import { describe, expect, it } from 'vitest';
import type { DockerInput } from '../../../../src/checks/docker/facts.ts';
import { judgeDocker } from '../../../../src/checks/docker/judge.ts';
import { recording } from '../../../recordings/recordings.ts';
import { destination, evidence, result } from '../results.ts';
import { db, input, lan } from './build.ts';

const MAC = '02:42:ac:12:00:02';
const RESOLVER = { 'resolv-conf': result('nameserver 127.0.0.11\n') };

describe('NT-DKR-030', () => {
  const judged = (containers: readonly string[], more: Partial<DockerInput> = {}, tried = '') =>
    judgeDocker(
      evidence({
        ...RESOLVER,
        ...(tried === ''
          ? {}
          : {
              'to0-reach': result(tried, {
                command: ['reach', 'tcp', 'db', '80'],
                status: 'timeout',
                durationMs: 4000,
              }),
            }),
      }),
      input({ networks: [{ ...lan, doubles: [{ mac: MAC, containers }] }], ...more }),
    ).findings;

  it.each([
    ['the target', ['old', 'web'], {}],
    ['a container that a DEST means', ['db', 'old'], { peers: [db] }],
  ])('tells that %s has the MAC address of another one', (_who, containers, more) => {
    const [found] = judged(containers, more);
    expect(found).toMatchObject({ id: 'NT-DKR-030', severity: 'warning' });
    expect(found?.summary).toContain(
      `"${containers[0]}" and "${containers[1]}" have the same MAC address on network lan, ${MAC}`,
    );
  });

  it('is critical where a DEST was not reached', () => {
    const destinations = [destination({ label: 'db:80', host: 'db', port: '80' })];
    const [found] = judged(
      ['db', 'web'],
      { peers: [db], destinations },
      'address 198.18.144.3\ntry 400000\n',
    );
    expect(found).toMatchObject({ id: 'NT-DKR-030', severity: 'critical' });
  });

  it('is silent of others', () => {
    expect(judged(['one', 'two'])).toEqual([]);
  });
});

describe('NT-DKR-031', () => {
  const HOST = '198.18.144.1';
  const interfaces = JSON.stringify([
    {
      ifname: 'br-1',
      flags: ['UP'],
      mtu: 1500,
      operstate: 'UP',
      address: '02:42:00:00:00:01',
      addr_info: [{ family: 'inet', local: HOST, prefixlen: 24, scope: 'global' }],
    },
  ]);
  const judged = (
    listeners: string,
    said = 'reach: connect: Connection refused\nfailed 90\n',
    proxies: DockerInput['proxies'] = [],
  ) =>
    judgeDocker(
      evidence({
        ...RESOLVER,
        'to0-reach': result(`address ${HOST}\ntry 400000\n${said}`, {
          command: ['reach', 'tcp', 'host.docker.internal', '5432'],
        }),
        'host-nft-before': result('{"nftables":[]}'),
        'host-nft-after': result('{"nftables":[]}'),
        'host-iptables-before': result(recording('docker-host-rules').stdout),
        'host-iptables-after': result(recording('docker-host-rules').stdout),
        'host-addresses': result(interfaces),
        'host-routes': result('[]'),
        'host-listeners': result(listeners),
      }),
      input({
        destinations: [
          destination({ label: 'host.docker.internal:5432', host: 'host.docker.internal', port: '5432' }),
        ],
        ...(proxies.length === 0 ? {} : { proxies }),
      }),
    ).findings.filter(({ id }) => id === 'NT-DKR-031');
  const listener = (address: string, port = 5432): string =>
    `tcp LISTEN 0 128 ${address}:${port} 0.0.0.0:* users:(("postgres",pid=7,fd=3))\n`;

  it('tells what listens on the loopback of the host alone', () => {
    const [found] = judged(listener('127.0.0.1') + listener('[::1]') + listener('0.0.0.0', 22));
    expect(found).toMatchObject({ severity: 'critical', subject: 'host.docker.internal:5432' });
    expect(found?.summary).toBe(
      `host.docker.internal:5432 is port 5432 of the Docker host, and postgres listens on it at 127.0.0.1 of the host alone: "web", which comes to ${HOST}, is refused.`,
    );
  });

  it('tells a port that another container publishes there', () => {
    const proxy = {
      protocol: 'tcp',
      hostAddress: '127.0.0.1',
      hostPort: 5432,
      containerAddress: '198.18.145.2',
      containerPort: 5432,
    };
    const [found] = judged(listener('127.0.0.1'), undefined, [proxy]);
    expect(found?.summary).toContain('it is published on 127.0.0.1 of the host alone (docker-proxy)');
  });

  it.each([
    ['nobody listens', listener('127.0.0.1', 80), undefined],
    ['something listens on all addresses too', listener('127.0.0.1') + listener('0.0.0.0'), undefined],
    ['it was reached', listener('127.0.0.1'), 'ok 90\n'],
  ])('is silent where %s', (_why, listeners, said) => {
    expect(judged(listeners, said)).toEqual([]);
  });
});
