import { describe, expect, it } from 'vitest';
import { parseDnsProbe } from '../../../src/parsers/dns-probe.ts';
import { recording } from '../../recordings/recordings.ts';

const probe = (name: string) => parseDnsProbe(recording(name).stdout);

describe('parseDnsProbe', () => {
  it('has all servers, protocols and names of a run', () => {
    const { control, names, queries, resolver, sends, icmp } = probe('dns-healthy');
    expect(control).toBe('kubernetes.default.svc.cluster.local.');
    expect(names).toEqual([
      { name: 'kubernetes.default.svc.cluster.local', candidates: expect.arrayContaining([control]) },
    ]);
    expect(names[0]?.candidates).toHaveLength(4);
    expect(names[0]?.candidates.at(-1)).toBe(control);
    expect(new Set(queries.map((q) => `${q.role} ${q.protocol}`))).toEqual(
      new Set(['server udp', 'server tcp', 'endpoint udp', 'endpoint tcp']),
    );
    expect(resolver).toMatchObject([{ outcome: 'resolved' }]);
    expect({ sends, icmp }).toEqual({ sends: [], icmp: undefined });
  });

  it('expands names as the resolver does', () => {
    const { names } = probe('dns-names');
    expect(names.map(({ name, candidates }) => [name, candidates[0], candidates.at(-1)])).toEqual([
      ['crowd', 'crowd.nettools-rec-dns.svc.cluster.local.', 'crowd.'],
      [
        'web.default.svc.cluster.local',
        'web.default.svc.cluster.local.nettools-rec-dns.svc.cluster.local.',
        'web.default.svc.cluster.local.',
      ],
      ['nosuch.example.com', 'nosuch.example.com.nettools-rec-dns.svc.cluster.local.', 'nosuch.example.com.'],
    ]);
    expect(probe('dns-servfail').names).toEqual([{ name: 'api.fail.test.', candidates: ['api.fail.test.'] }]);
  });

  it('reads what became of a datagram to a silent server', () => {
    expect(probe('dns-output-drop').sends).toEqual([
      { server: '198.19.0.10', error: 'Operation not permitted' },
    ]);
    expect(probe('dns-silent').sends).toEqual([{ server: '198.19.0.10', error: '' }]);
  });

  it('reads how getaddrinfo ended', () => {
    const [race] = probe('dns-race').resolver;
    expect(race).toMatchObject({ outcome: 'resolved' });
    expect(race?.ms).toBeGreaterThan(4900);
    const outcomes = Object.fromEntries(
      probe('dns-names').resolver.map(({ name, outcome }) => [name, outcome]),
    );
    expect(outcomes).toEqual({
      crowd: 'resolved',
      'web.default.svc.cluster.local': 'resolved',
      'nosuch.example.com': 'unresolved',
    });
    expect(probe('dns-silent').resolver).toMatchObject([{ outcome: 'time-out' }]);
    expect(probe('dns-refused').resolver[0]?.outcome).not.toBe('resolved');
  });

  it('takes lines of a tool for nothing else', () => {
    const { queries } = parseDnsProbe(
      'query server 198.51.100.7 53 udp 6 1 a. A\n|query server 198.51.100.8 53 udp 6 1 b. A\n|;; no servers could be reached\n',
    );
    expect(queries.map((q) => q.server)).toEqual(['198.51.100.7']);
  });

  it('is empty where the probe did not run', () => {
    expect(parseDnsProbe('')).toEqual({
      control: undefined,
      names: [],
      queries: [],
      resolver: [],
      sends: [],
      icmp: undefined,
    });
  });
});
