import { describe, expect, it } from 'vitest';
import type { ProxiedEndpoints, ServiceInfo } from '../../../../../src/checks/service/facts.ts';
import { judgeService } from '../../../../../src/checks/service/judge.ts';
import type { Evidence } from '../../../../../src/model/evidence.ts';
import { recording } from '../../../../recordings/recordings.ts';

type Mode = 'nftables' | 'iptables';

interface Change {
  readonly before?: (text: string) => string;
  readonly after?: (text: string) => string;
  readonly proxied?: Partial<ProxiedEndpoints>;
  readonly info?: Partial<ServiceInfo>;
}

const same = (text: string): string => text;

function found(mode: Mode, name: string, change: Change = {}) {
  const { argv, stdout } = recording(`kube-proxy-${mode}-${name}`);
  const [, , clusterIp = '', protocol, , service = ''] = argv;
  const pods = [...new Set(Array.from(stdout.matchAll(/198\.18\.[12]\.\d+/g), ([address]) => address))];
  const places = pods.map((address) => ({ address, port: 8080, node: `node${address.split('.')[2]}` }));
  const info: ServiceInfo = {
    id: 'svc0',
    label: 'svc/web',
    namespace: service.split('/')[0] ?? '',
    name: service.split('/')[1] ?? '',
    type: 'ClusterIP',
    clusterIp,
    protocol: protocol as 'tcp' | 'udp',
    port: 80,
    targetPort: '8080',
    internalTrafficPolicy: 'Cluster',
    endpoints: [],
    ready: places.length,
    leaving: 0,
    notReady: [],
    isPortUnnamed: false,
    ...change.info,
    proxied: { ready: places, all: places, isZoned: false, isSettled: true, ...change.proxied },
  };
  const result = (id: string, text: string): Evidence => ({
    [id]: {
      id,
      command: ['service-rules', clusterIp],
      status: 'exited',
      code: 0,
      durationMs: 1,
      stdout: text,
      stderr: '',
      truncated: false,
    },
  });
  const evidence = {
    ...result('svc0-rules-before', (change.before ?? same)(stdout)),
    ...result('svc0-rules-after', (change.after ?? same)(stdout)),
  };
  const input = { services: [info], pod: '', node: 'node1', addresses: [], hasClusterDns: false };
  return judgeService(evidence, input).findings.filter(({ id }) => id === 'NT-SVC-009');
}

const both = (change: (text: string) => string): Change => ({ before: change, after: change });
const gone = { address: '198.18.1.250', port: 8080, node: 'node1' };
const old = both((text) => text.replaceAll(/198\.18\.1\.\d+/g, '198.18.1.251'));

describe.each(['nftables', 'iptables'] as const)('NT-SVC-009 in %s mode', (mode) => {
  it.each(['several', 'one', 'sticky', 'udp', 'empty'])(
    'is silent about what is as the API says: %s',
    (name) => {
      expect(found(mode, name)).toEqual([]);
    },
  );

  it('tells that the Service is not in the rules', () => {
    const nothing = both((text) => `${text.split('\n')[0]}\n`);
    const [finding, ...more] = found(mode, 'several', nothing);
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ severity: 'critical', subject: 'svc/web' });
    expect(finding?.summary).toMatch(
      new RegExp(
        `^kube-proxy's rules on node1 \\(${mode} mode\\) lack svc/web \\(198[.\\d]+:80/tcp\\), though it has 2 ready endpoints\\.$`,
      ),
    );
  });

  it('tells that the rules say none, though there is one', () => {
    const proxied = { ready: [gone], all: [gone] };
    expect(found(mode, 'empty', { proxied })[0]?.summary).toContain(
      'has no endpoint, though it has 1 ready endpoint',
    );
  });

  it('tells an endpoint that is gone and one that is lacking', () => {
    const summary = found(mode, 'several', old)[0]?.summary;
    expect(summary).toMatch(/send svc\/web to 198\.18\.1\.251:8080, no endpoint of it/);
    expect(summary).toMatch(/and lack 198\.18\.1\.\d+:8080, a ready endpoint of svc\/web/);
  });

  it.each([
    ['only at the end of the run', { after: old.after }],
    ['only at its beginning', { before: old.before }],
    ['just after a change', { ...old, proxied: { isSettled: false } }],
    ['without ready endpoints', { ...old, proxied: { ready: [] } }],
  ] as const)('is silent %s', (_title, change) => {
    expect(found(mode, 'several', change as Change)).toEqual([]);
  });

  it('lets zones have only some of the endpoints, and none that is no endpoint', () => {
    const { proxied } = { proxied: { isZoned: true } };
    const more = { ready: [gone], all: [gone] };
    expect(found(mode, 'one', { ...old, proxied })[0]?.summary).not.toContain('lack');
    expect(found(mode, 'one', { proxied: { ...more, ...proxied } })[0]?.summary).toContain('send svc/web to');
  });

  it('takes an endpoint that is not ready for one, since kube-proxy falls back to it', () => {
    expect(found(mode, 'several', { proxied: { ready: [gone] } })[0]?.summary).not.toContain('send');
  });

  it("minds the node's own endpoints alone where the policy is local", () => {
    const info = { internalTrafficPolicy: 'Local' } as const;
    const away = { address: '198.18.2.250', port: 8080, node: 'node2' };
    expect(found(mode, 'local', { info })).toEqual([]);
    const { proxied } = { proxied: { ready: [away], all: [away] } };
    expect(found(mode, 'local', { info, proxied })).toEqual([]);
  });
});
