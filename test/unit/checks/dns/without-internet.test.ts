/** NT-DNS-005 of a server that denies whatever it does not know itself. */
import { describe, expect, it } from 'vitest';
import { topsOf } from '../../../../src/checks/dns/plan.ts';
import { result } from '../results.ts';
import { CONTROL, judgedRun } from './made-run.ts';

const said = (status: string): string =>
  `;; ->>HEADER<<- opcode: QUERY, status: ${status}, id: 1\n;; flags: qr aa rd; QUERY: 1, ANSWER: 0, AUTHORITY: 0, ADDITIONAL: 0\n\n;; Query time: 100 usec\n;; MSG SIZE  rcvd: 21\n`;

function summaryOf(name: string, tops: string): string | undefined {
  const server = {
    address: '198.19.0.10',
    udp: (asked: string) => (asked === CONTROL ? '198.19.0.1' : 'NXDOMAIN'),
  };
  const evidence = { 'dns-tops': { id: 'dns-tops', ...result(tops) } };
  return judgedRun([server], { names: [name], evidence }).findings.find(({ id }) => id === 'NT-DNS-005')
    ?.summary;
}

describe('NT-DNS-005', () => {
  it('says that the server denies the internet', () => {
    expect(summaryOf('api.example.com', said('NXDOMAIN'))).toMatch(
      /does not exist: .* queries: the same server says that com\. does not exist either, which does: it denies all names of the internet, this one among them\.$/,
    );
  });

  it.each([
    ['the server knows its domain', 'api.example.com', said('NOERROR')],
    ['nothing was heard', 'api.example.com', ''],
    ['its domain is none of the internet', 'api.corp', said('NXDOMAIN')],
  ])('does not where %s', (_why, name, tops) => {
    expect(summaryOf(name, tops)).toMatch(/does not exist: .* queries\.$/);
  });

  it('asks for domains that exist for certain, once each', () => {
    expect(topsOf(['a.example.com', 'b.example.COM.', 'web', 'db.svc.cluster.local', 'x.org'])).toEqual([
      'com',
      'org',
    ]);
  });
});
