import { describe, expect, it } from 'vitest';
import type { DockerInput, DockerNetwork } from '../../../../src/checks/docker/facts.ts';
import { tunnelsOf, tunnelWayId } from '../../../../src/checks/docker/host-plan.ts';
import { judgeDocker } from '../../../../src/checks/docker/judge.ts';
import { recording } from '../../../recordings/recordings.ts';
import { evidence, result } from '../results.ts';
import { lan } from './build.ts';

const PEER = '198.18.132.1';
const wide: DockerNetwork = {
  ...lan,
  name: 'wide',
  driver: 'overlay',
  gateway: '',
  tunnel: { peers: [PEER], bytes: 1500 },
};
const INPUT: DockerInput = {
  container: 'one',
  mode: 'wide',
  networks: [wide],
  published: [],
  peers: [],
  others: [],
  destinations: [],
};

function judged(way: string): readonly string[] {
  const run = evidence({
    'resolv-conf': result('nameserver 127.0.0.11\n'),
    'host-iptables-after': result(recording('docker-host-rules').stdout),
    'host-nft-after': result('{"nftables":[]}'),
    'host-addresses': result(recording('docker-host-addresses').stdout),
    'host-routes': result('[{"dst":"default","gateway":"198.51.100.1","dev":"eth0"}]'),
    'host-listeners': result(recording('docker-host-listeners').stdout),
    'host-forwarding': result('/proc/sys/net/ipv4/conf/all/forwarding:1\n'),
    [`host-${tunnelWayId(PEER)}`]: result(way),
  });
  return judgeDocker(run, INPUT).findings.map(({ id, severity }) => `${id} ${severity}`);
}

describe('NT-DKR-033', () => {
  it.each([
    ['the full size is carried', 'carries 1500\n', []],
    ['it is not', 'lost 1500\ncarries 1450\n', ['NT-DKR-033 warning']],
    ['nothing that was tried is', 'lost 1500\nlost 1280\n', ['NT-DKR-033 warning']],
    ['no echo request is answered, which is said', 'no-answer\n', ['NT-SYS-001 info']],
    ['it was ended', '', ['NT-SYS-001 info']],
  ])('where %s', (_what, way, expected) => {
    expect(judged(way)).toEqual(expected);
  });

  it('asks each host once, for the largest of its overlays', () => {
    const jumbo = { ...wide, tunnel: { peers: [PEER, '198.18.133.1'], bytes: 9000 } };
    expect(tunnelsOf([wide, jumbo, lan])).toEqual([
      { peer: PEER, bytes: 9000 },
      { peer: '198.18.133.1', bytes: 9000 },
    ]);
  });
});
