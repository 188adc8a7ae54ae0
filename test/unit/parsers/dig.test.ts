import { describe, expect, it } from 'vitest';
import { parseDig } from '../../../src/parsers/dig.ts';
import { parseDnsProbe } from '../../../src/parsers/dns-probe.ts';
import { recording } from '../../recordings/recordings.ts';

/** The queries of a recorded run, by name, type, protocol and role. */
function queries(
  name: string,
  match: { role?: string; protocol?: string; type?: string; name?: RegExp } = {},
) {
  return parseDnsProbe(recording(name).stdout).queries.filter(
    (q) =>
      (match.role ?? q.role) === q.role &&
      (match.protocol ?? q.protocol) === q.protocol &&
      (match.type ?? q.question.type) === q.question.type &&
      (match.name ?? /./).test(q.question.name),
  );
}

describe('parseDig', () => {
  it('reads addresses and times', () => {
    const [answer] = queries('dns-healthy', {
      role: 'server',
      protocol: 'udp',
      type: 'A',
      name: /^kubernetes\.default\.svc\.cluster\.local\.$/,
    });
    expect(answer).toMatchObject({
      outcome: 'answered',
      rcode: 'NOERROR',
      truncated: false,
      addresses: ['198.19.0.1'],
      records: 1,
      lost: 0,
    });
    expect(answer?.ms).toBeGreaterThan(0);
    expect(answer?.ms).toBeLessThan(1000);
  });

  it('reads an answer without a record, and one that is NXDOMAIN', () => {
    const [empty] = queries('dns-healthy', {
      role: 'server',
      protocol: 'udp',
      type: 'AAAA',
      name: /^kubernetes\.default\.svc\.cluster\.local\.$/,
    });
    expect(empty).toMatchObject({ outcome: 'answered', rcode: 'NOERROR', addresses: [], records: 0 });
    const [missing] = queries('dns-names', { name: /^nosuch\.example\.com\.$/ });
    expect(missing).toMatchObject({ outcome: 'answered', rcode: 'NXDOMAIN', addresses: [] });
  });

  it('tells a time-out from a refusal and from an unreachable host', () => {
    for (const query of queries('dns-silent', { role: 'server', protocol: 'udp' })) {
      expect(query).toMatchObject({ outcome: 'timeout', error: 'timed out' });
    }
    for (const query of queries('dns-cut-off', { role: 'server', protocol: 'tcp' })) {
      expect(query).toMatchObject({ outcome: 'timeout' });
    }
    expect(queries('dns-refused', { protocol: 'udp' }).some((q) => q.outcome === 'refused')).toBe(true);
    const unreachable =
      ';; UDP setup with 198.18.99.1#53(198.18.99.1) for a.b. failed: host unreachable.\n;; no servers could be reached\n';
    expect(parseDig(unreachable, 1)).toMatchObject([{ outcome: 'unreachable', error: 'host unreachable' }]);
    const nobodys = unreachable.replace('198.18.99.1#53(198.18.99.1)', '0.0.0.1#53(0.0.0.1)');
    expect(parseDig(nobodys.replace('host unreachable', 'invalid argument'), 1)).toMatchObject([
      { outcome: 'unreachable', error: 'invalid argument' },
    ]);
  });

  it('reads SERVFAIL and the flag of a cut answer', () => {
    expect(queries('dns-servfail', { role: 'server', name: /fail\.test\.$/ })[0]).toMatchObject({
      outcome: 'answered',
      rcode: 'SERVFAIL',
    });
    const [cut] = queries('dns-truncated', { protocol: 'udp', type: 'A', name: /^crowd\.nettools/ });
    expect(cut?.truncated).toBe(true);
    expect(cut?.addresses.length).toBeGreaterThan(10);
  });

  it('counts tries that were lost before an answer', () => {
    const lost = `;; communications error to 198.19.0.10#53: timed out\n${recordedAnswer()}`;
    expect(parseDig(lost, 1)).toMatchObject([{ outcome: 'answered', lost: 1 }]);
  });

  it('keeps the order of questions when some of them fail', () => {
    const failure = ';; communications error to 198.19.0.10#53: timed out\n;; no servers could be reached\n';
    expect(parseDig(`${failure}${recordedAnswer()}${failure}`, 3).map((a) => a.outcome)).toEqual([
      'timeout',
      'answered',
      'timeout',
    ]);
    // dig was ended before its last question.
    expect(parseDig(recordedAnswer(), 2)).toHaveLength(1);
  });

  it('reads the words of older versions', () => {
    expect(
      parseDig(
        '\n; <<>> DiG 9.11.36 <<>> @198.51.100.7 a\n;; connection timed out; no servers could be reached\n',
        1,
      ),
    ).toMatchObject([{ outcome: 'timeout' }]);
  });

  it('does not take a name that is none for silence', () => {
    expect(parseDig("dig: 'a..b' is not a legal name (empty label)\n", 1)).toMatchObject([
      { outcome: 'failed', error: "'a..b' is not a legal name (empty label)" },
    ]);
  });
});

function recordedAnswer(): string {
  return `${queries('dns-healthy', { role: 'endpoint', protocol: 'udp' })[0]?.text ?? ''}\n`;
}
