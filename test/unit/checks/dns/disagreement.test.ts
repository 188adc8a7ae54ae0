import { describe, expect, it } from 'vitest';
import { SERVICE_ADDRESS, service } from './facts.ts';
import { againText, CONTROL, judgedRun, type MadeServer } from './made-run.ts';

const NAME = 'db.corp.test.';
const OTHER = '198.51.100.53';
const endpoints = service('dns-healthy').endpoints.map(({ address }) => address);

const says = (address: string, udp: string, more: Partial<MadeServer> = {}): MadeServer => ({
  address,
  udp: (name) => (name === CONTROL ? '198.19.0.1' : udp),
  ...more,
});
const behind = (udp: readonly string[]): MadeServer[] =>
  udp.map((said, i) => says(endpoints[i] ?? '', said, { role: 'endpoint' }));
const found = (servers: readonly MadeServer[], names = [NAME], conf?: string) =>
  judgedRun(servers, { names, ...(conf === undefined ? {} : { conf }) }).findings.filter(
    ({ id }) => id === 'NT-DNS-020',
  );

describe('NT-DNS-020', () => {
  const two = `nameserver ${SERVICE_ADDRESS}\nnameserver ${OTHER}\n`;

  it('is of two servers of resolv.conf', () => {
    const [first, ...more] = found(
      [says(SERVICE_ADDRESS, '198.51.100.7'), says(OTHER, 'NXDOMAIN')],
      [NAME],
      two,
    );
    expect(more).toEqual([]);
    expect(first).toMatchObject({
      severity: 'warning',
      subject: NAME,
      summary:
        '198.19.0.10 (kube-dns) answers db.corp.test. A with 198.51.100.7, but 198.51.100.53 answers NXDOMAIN: whether the name resolves depends on which one is queried.',
    });
    expect(first?.evidence).toHaveLength(2);
  });

  it('is of two servers behind the Service', () => {
    const [first] = found([says(SERVICE_ADDRESS, '198.51.100.7'), ...behind(['198.51.100.7', 'NXDOMAIN'])]);
    expect(first?.summary).toMatch(/^coredns-0 .* with 198\.51\.100\.7, but coredns-1 .* answers NXDOMAIN/);
  });

  it('is of one server that says now this and now that', () => {
    const [first] = found([says(SERVICE_ADDRESS, '198.51.100.7', { tcp: () => 'NXDOMAIN' })]);
    expect(first?.summary).toMatch(
      /and at another time with NXDOMAIN: its upstreams or its replicas disagree\.$/,
    );
  });

  it.each<[string, readonly MadeServer[], readonly string[]]>([
    [
      'they have different addresses',
      [says(SERVICE_ADDRESS, '198.51.100.7'), says(OTHER, '198.51.100.8')],
      [NAME],
    ],
    ['one of them fails', [says(SERVICE_ADDRESS, '198.51.100.7'), says(OTHER, 'SERVFAIL')], [NAME]],
    ['none knows it', [says(SERVICE_ADDRESS, 'NXDOMAIN'), says(OTHER, 'NXDOMAIN')], [NAME]],
    ['nobody asked', [says(SERVICE_ADDRESS, '198.51.100.7'), says(OTHER, 'NXDOMAIN')], []],
  ])('is not said where %s', (_what, servers, names) => {
    expect(found(servers, [...names], two)).toEqual([]);
  });

  /** What one server says when it is asked with other flags: of caches these are other questions. */
  const asked = (udp: string, says: (type: string, nth: number) => string, more = '') =>
    judgedRun([says_(udp)], { names: [NAME], again: againText([NAME], says), more }).findings.filter(
      ({ severity }) => severity !== 'info',
    );
  const says_ = (udp: string): MadeServer => says(SERVICE_ADDRESS, udp);
  const lost = `resolver getent ${NAME} 3 2\n`;

  it('is of one server that denies the name, and has it when its cache is passed by', () => {
    const [first, ...more] = asked(
      'NXDOMAIN',
      (type, nth) => (type === 'A' && nth === 2 ? '198.51.100.7' : 'NXDOMAIN'),
      lost,
    );
    // Not NT-DNS-005: the name does exist.
    expect(more).toEqual([]);
    expect(first).toMatchObject({ id: 'NT-DNS-020', severity: 'critical' });
    expect(first?.summary).toContain('The target itself did not find it during this run.');
    expect(first?.evidence.map(({ command }) => command.includes('+dnssec'))).toEqual([true, false]);
  });

  it('is a warning where the target found it', () => {
    const found = `resolver getent ${NAME} 3 0\n|198.51.100.7 STREAM\n`;
    expect(
      asked('198.51.100.7', () => 'NXDOMAIN', found).map(({ id, severity }) => `${id} ${severity}`),
    ).toEqual(['NT-DNS-020 warning']);
  });

  it('is silent where the flags make no difference, and where the name is nowhere', () => {
    expect(asked('198.51.100.7', (type) => (type === 'A' ? '198.51.100.7' : 'NOERROR'))).toEqual([]);
    expect(asked('NXDOMAIN', () => 'NXDOMAIN', lost).map(({ id }) => id)).toEqual(['NT-DNS-005']);
    expect(asked('NXDOMAIN', () => 'timed out', lost).map(({ id }) => id)).toEqual(['NT-DNS-005']);
  });
});
