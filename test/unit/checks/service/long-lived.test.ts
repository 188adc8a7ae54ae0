import { describe, expect, it } from 'vitest';
import type { ServiceInfo } from '../../../../src/checks/service/facts.ts';
import { judgeService } from '../../../../src/checks/service/judge.ts';
import { evidence, result } from '../results.ts';

const SHOP: ServiceInfo = {
  id: 'svc0',
  label: 'svc/shop',
  namespace: 'default',
  name: 'shop',
  type: 'ClusterIP',
  clusterIp: '198.51.100.100',
  protocol: 'tcp',
  port: 80,
  targetPort: '8080',
  internalTrafficPolicy: 'Cluster',
  selector: 'app=shop',
  endpoints: [],
  ready: 3,
  leaving: 0,
  notReady: [],
  isPortUnnamed: false,
};

/** As `ss -tinH` prints them: the client's port and what was acknowledged. */
function sockets(...all: readonly (readonly [port: number, bytes: number, state?: string])[]) {
  const lines = all.map(
    ([port, bytes, state = 'ESTAB']) =>
      `${state} 0 0 198.51.100.7:${port} 198.51.100.100:80\n\t cubic rtt:0.1/0.1 bytes_acked:${bytes} segs_out:40\n`,
  );
  return result(lines.join(''), { command: ['ss', '-tinH', 'dst', '198.51.100.100:80'] });
}

function told(
  before: ReturnType<typeof sockets>,
  after: ReturnType<typeof sockets>,
  info: Partial<ServiceInfo> = {},
) {
  const input = { services: [{ ...SHOP, ...info }], node: 'node1', addresses: [], hasClusterDns: true };
  const { findings } = judgeService(
    evidence({ 'svc0-connections-before': before, 'svc0-connections-after': after }),
    input,
  );
  return findings.filter(({ id }) => id === 'NT-SVC-018').map(({ summary }) => summary.slice(0, 40));
}

describe('NT-SVC-018', () => {
  it('counts what was there before, lasts, and carries on', () => {
    expect(told(sockets([4000, 5000]), sockets([4000, 9000], [4001, 300]))).toEqual([
      '1 connection carries all that the target',
    ]);
  });

  it.each<[string, ReturnType<typeof sockets>, ReturnType<typeof sockets>, Partial<ServiceInfo>?]>([
    ['one that came during the run', sockets(), sockets([4000, 9000])],
    ['one that ended', sockets([4000, 5000]), sockets()],
    ['one that is closing', sockets([4000, 5000]), sockets([4000, 6000, 'FIN-WAIT-2'])],
    ['one that rests', sockets([4000, 5000]), sockets([4000, 5000])],
    ['one that has just asked', sockets([4000, 200]), sockets([4000, 400])],
    ['as many as endpoints', sockets([1, 5000], [2, 5000]), sockets([1, 6000], [2, 6000]), { ready: 2 }],
    [
      'as many as endpoints, of which one rests',
      sockets([1, 5000], [2, 5000]),
      sockets([1, 6000], [2, 5000]),
      { ready: 2 },
    ],
    [
      'as many as endpoints, of which one is new',
      sockets([1, 5000], [2, 5000]),
      sockets([1, 6000], [3, 1500]),
      { ready: 2 },
    ],
    ['what ss did not print', result('', { status: 'missing', code: 127 }), sockets([4000, 9000])],
  ])('is silent of %s', (_what, before, after, info) => {
    expect(told(before, after, info)).toEqual([]);
  });
});
