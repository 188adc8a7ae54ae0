import { describe, expect, it } from 'vitest';
import { linkCauses } from '../../../../src/checks/causes.ts';
import { remedyOf } from '../results.ts';
import { ids, judged as runOf, SERVICE_ADDRESS, service } from './facts.ts';
import { judgedRun, type MadeServer } from './made-run.ts';

const [endpoint] = service('dns-healthy').endpoints;
if (!endpoint) throw new Error('no server was recorded');
const VIP = '198.18.50.53';
const good: MadeServer = { address: SERVICE_ADDRESS, udp: () => '198.19.0.1' };
const behindIt: MadeServer = { role: 'endpoint', address: endpoint.address, udp: () => '198.19.0.1' };
const strange = (address: string, source: string): MadeServer => ({
  address,
  udp: () => `from ${source}`,
  tcp: () => '198.19.0.1',
});
/** A target outside of any cluster. */
const outside = { services: { value: [] } };

describe('NT-DNS-017', () => {
  it('is no silence', () => {
    const { findings, summary } = judgedRun([strange(VIP, '198.18.50.1#53')], { input: outside });
    expect(ids(findings)).toEqual(['NT-DNS-017 critical']);
    expect(summary).toBe('198.18.50.53 answers, but from 198.18.50.1: resolvers discard such answers.');
    expect(findings[0]?.evidence[0]?.excerpt).toContain('unexpected source: 198.18.50.1#53');
  });

  it('may be the port alone', () => {
    expect(judgedRun([strange(VIP, `${VIP}#5353`)], { input: outside }).summary).toContain(
      'answers, but from 198.18.50.53 port 5353:',
    );
  });

  it('leads where another server answers, and says nothing of it', () => {
    const found = linkCauses(
      judgedRun([good, strange(VIP, '198.18.50.1#53')], {
        conf: `nameserver ${SERVICE_ADDRESS}\nnameserver ${VIP}\n`,
        input: outside,
      }).findings,
    );
    expect(found.map(({ id, severity, causedBy }) => [id, severity, causedBy])).toEqual([
      ['NT-DNS-017', 'warning', undefined],
      ['NT-DNS-009', 'warning', 'NT-DNS-017'],
    ]);
  });

  it('names the server behind a Service that the answer comes from, and where it should be translated', () => {
    const judged = judgedRun([strange(SERVICE_ADDRESS, `${endpoint.address}#53`), behindIt]);
    const [found] = judged.findings;
    expect(found?.summary).toContain(
      `but from coredns-0 (${endpoint.address}), so its answers are not translated back to the address of the Service`,
    );
    expect(remedyOf(found)).toContain('bridge-nf-call-iptables');
    expect(ids(judged.findings)).toEqual(['NT-DNS-017 critical']);
  });

  it('may be what looks like silence to dig', () => {
    expect(runOf('silent').summary).toMatch(/, or answered from another address, which dig does not show\.$/);
  });

  it('leaves silence to NT-DNS-001', () => {
    const silent: MadeServer = { address: VIP, udp: () => 'timed out', tcp: () => '198.19.0.1' };
    const judged = judgedRun([silent], { input: outside });
    expect(ids(judged.findings)).toEqual(['NT-DNS-001 critical']);
    expect(judged.summary).toMatch(/only UDP 53 is dropped on the way\.$/);
  });
});
