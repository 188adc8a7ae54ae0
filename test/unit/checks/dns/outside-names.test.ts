import { describe, expect, it } from 'vitest';
import { linkCauses } from '../../../../src/checks/causes.ts';
import { ids, SERVICE_ADDRESS, service } from './facts.ts';
import { CONTROL, judgedRun, type MadeServer } from './made-run.ts';

const NAMES = ['api.example.com.', 'shop.example.org.'];
const [endpoint] = service('dns-healthy').endpoints;
if (!endpoint) throw new Error('no server was recorded');

const serves = (outside: (name: string) => string, address = SERVICE_ADDRESS): MadeServer => ({
  address,
  udp: (name) => (name === CONTROL ? '198.19.0.1' : outside(name)),
});
const told = (servers: readonly MadeServer[], names = NAMES) => judgedRun(servers, { names }).findings;

describe('NT-DNS-018', () => {
  it.each([
    ['SERVFAIL', /api\.example\.com\. SERVFAIL; shop\.example\.org\. SERVFAIL\)/],
    ['REFUSED', /api\.example\.com\. REFUSED/],
    ['timed out', /api\.example\.com\. no answer within 6 s/],
  ])('is said of a server that answers for the cluster alone: %s', (said, says) => {
    const found = linkCauses(told([serves(() => said)])).filter(({ severity }) => severity !== 'info');
    expect(found[0]?.causedBy ?? found[0]?.id).toBe('NT-DNS-018');
    const cause = found.find(({ id }) => id === 'NT-DNS-018');
    expect(cause?.severity).toBe('critical');
    expect(cause?.summary).toMatch(says);
    expect(cause?.summary).toMatch(/its upstream fails\.$/);
    expect(found.filter(({ id, causedBy }) => id !== 'NT-DNS-018' && causedBy !== 'NT-DNS-018')).toEqual([]);
  });

  it('says what one name leaves open, and leaves one that gets errors alone to NT-DNS-004', () => {
    const silent = told([serves(() => 'timed out')], NAMES.slice(0, 1));
    expect(silent[0]?.summary).toMatch(/its upstream fails, or the servers of that one name do\.$/);
    expect(ids(told([serves(() => 'SERVFAIL')], NAMES.slice(0, 1)))).toEqual(['NT-DNS-004 critical']);
  });

  const mixed = (name: string): string => (name === NAMES[0] ? 'SERVFAIL' : '198.51.100.7');
  const unknown = (name: string): string => (name === NAMES[0] ? 'SERVFAIL' : 'NXDOMAIN');
  const dead: MadeServer = { address: SERVICE_ADDRESS, udp: () => 'timed out' };
  const inside = serves(() => 'SERVFAIL');
  const replica: MadeServer = { ...serves(() => '198.51.100.7', endpoint.address), role: 'endpoint' };
  it.each<[string, readonly MadeServer[], readonly string[]]>([
    ['one of them resolves', [serves(mixed)], NAMES],
    ['one of them is known not to exist', [serves(unknown)], NAMES],
    ['the cluster is not answered for either', [dead], NAMES],
    ['nobody asked for one', [inside], ['web.shop.svc.cluster.local.', 'db.shop.svc.cluster.local.']],
    ['a server behind the Service resolves them', [inside, replica], NAMES],
  ])('is not said where %s', (_what, servers, names) => {
    expect(ids(told(servers, [...names]))).not.toContain('NT-DNS-018 critical');
  });
});

describe('NT-DNS-004 of a server that has not heard from the API server', () => {
  const isInside = (name: string): boolean => name.replace(/\.$/, '').endsWith('.cluster.local');
  const OWN = 'shop.default.svc.cluster.local.';
  const words = (udp: (name: string) => string) =>
    told([{ address: SERVICE_ADDRESS, udp }], [OWN, ...NAMES]).find(({ id }) => id === 'NT-DNS-004')?.summary;

  it('says that names of the cluster alone fail', () => {
    expect(words((name) => (isInside(name) ? 'SERVFAIL' : 'NXDOMAIN'))).toMatch(
      /: it answers for other names, but for none of the cluster's own: whatever serves these has no data yet/,
    );
  });

  it('does not say so where one of them is answered', () => {
    const one = words((name) => (name === OWN ? 'SERVFAIL' : '198.51.100.7'));
    expect(one).toMatch(/SERVFAIL/);
    expect(one).not.toContain('has no data yet');
  });
});
