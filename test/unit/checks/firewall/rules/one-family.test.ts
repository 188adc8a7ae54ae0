import { describe, expect, it } from 'vitest';
import { judgeFirewall } from '../../../../../src/checks/firewall/judge.ts';
import type { Judgement } from '../../../../../src/model/check.ts';
import { destination, evidence, named, result } from '../../results.ts';

const SELF = { namespace: '', name: '', labels: {}, ports: [], hostNetwork: false };

const OPEN = (address: string): string => `address ${address}\ntry 400000\nok 120\n`;
const REFUSED = (address: string): string =>
  [1, 2, 3].reduce(
    (text, i) =>
      `${text}try ${i}00000\nreach: connect: Connection refused\nreach: line 31: /dev/tcp/${address}/8080: Connection refused\nfailed 90\n`,
    `address ${address}\n`,
  );
const SILENT = (address: string): string => `address ${address}\ntry 400000\n`;
const BOTH = '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost # loopback\n198.51.100.7\tweb-0\n';

function judged(
  [v4, v6]: readonly [(a: string) => string, (a: string) => string],
  hosts = BOTH,
  host = 'localhost',
  byName = v4('127.0.0.1'),
  listeners = '',
): Judgement {
  const reach = (text: string, host: string) => ({
    ...result(text, { command: ['reach', 'tcp', host, '8080'] }),
  });
  return judgeFirewall(
    evidence({
      'hosts-file': result(hosts),
      'own-listeners': result(listeners),
      'to0-reach': reach(byName, 'localhost'),
      'to0l0-reach': reach(v4('127.0.0.1'), '127.0.0.1'),
      'to0l1-reach': reach(v6('::1'), '::1'),
      'icmp-errors': result('', { stderr: 'listening on any\n0 packets captured\n' }),
    }),
    {
      destinations: [destination({ label: 'localhost:8080', host, port: '8080' })],
      policies: { policies: [], self: SELF, pods: {}, services: [], unread: [] },
      isIsolated: true,
    },
  );
}

describe('NT-SOCK-007', () => {
  it('names the address that answers, and the one that does not', () => {
    const { findings } = judged([OPEN, REFUSED]);
    const found = findings.find(({ id }) => id === 'NT-SOCK-007');
    expect(found).toMatchObject({
      severity: 'warning',
      subject: 'localhost:8080',
      summary:
        'localhost is 127.0.0.1 and ::1 there: 127.0.0.1:8080 takes connections, and [::1]:8080 refuses them: clients that try the first address only may fail.',
    });
    expect(found?.evidence.map(({ excerpt }) => excerpt)).toEqual([
      'ok 120',
      expect.stringMatching(/^connect: Connection refused$/m),
      '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost # loopback',
    ]);
  });

  it('is critical where it is the first one, and nothing is said of a port without a listener', () => {
    expect(named(judged([OPEN, REFUSED], BOTH, 'localhost', REFUSED('::1')))).toEqual([
      'NT-SOCK-007 critical',
    ]);
  });

  it.each([
    ['both answer', judged([OPEN, OPEN])],
    ['the file has one address', judged([OPEN, REFUSED], '127.0.0.1 localhost\n# ::1 localhost\n')],
    ['the file could not be read', judged([OPEN, REFUSED], '')],
    ['the other is silent, which is no refusal', judged([OPEN, SILENT])],
    ['another name', judged([OPEN, REFUSED], BOTH, 'web.example.com')],
  ])('is silent: %s', (_what, judgement) => {
    expect(named(judgement)).toEqual([]);
  });

  it('is not said where nobody listens at all: localhost is the target itself', () => {
    const { findings } = judged([REFUSED, REFUSED]);
    expect(findings.map(({ id }) => id)).toContain('NT-SOCK-001');
    expect(findings.find(({ id }) => id === 'NT-SOCK-001')).toMatchObject({
      summary: expect.stringMatching(/refused by the target itself, .* and not the machine that it runs on/),
      remediation: expect.stringMatching(/host-gateway/),
    });
    expect(findings.map(({ id }) => id)).not.toContain('NT-SOCK-007');
  });

  it.each([
    [
      'another address',
      'tcp LISTEN 0 128 198.51.100.7:8080 0.0.0.0:*\n',
      /the port is listened on at 198\.51\.100\.7 alone, which is another address\.$/,
      /listen on all addresses/,
    ],
    [
      'another port',
      'tcp LISTEN 0 128 198.51.100.7:9090 0.0.0.0:*\n',
      /nothing listens on the port in it\.$/,
      /host-gateway/,
    ],
  ])('tells where the target listens: %s', (_where, listeners, summary, remediation) => {
    const { findings } = judged([REFUSED, REFUSED], BOTH, 'localhost', REFUSED('127.0.0.1'), listeners);
    expect(findings.find(({ id }) => id === 'NT-SOCK-001')).toMatchObject({
      summary: expect.stringMatching(summary),
      remediation: expect.stringMatching(remediation),
    });
  });
});
