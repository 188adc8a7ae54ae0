import { describe, expect, it } from 'vitest';
import { contradictions, withoutContradictions } from '../../../src/checks/contradictions.ts';
import { type CheckResult, type Json, verdictOf } from '../../../src/model/report.ts';

const check = (
  id: string,
  measurements: Record<string, Json>,
  rest: Partial<CheckResult> = {},
): CheckResult => ({
  id,
  status: 'pass',
  summary: `${id} is fine.`,
  durationMs: 1,
  measurements,
  findings: [],
  ...rest,
});
const latency = (connected: number, refused = 0): CheckResult =>
  check('latency', {
    destinations: [
      { name: 'gateway', role: 'gateway', tcp: { tries: 50, connected: 0, refused: 0 } },
      { name: 'db:80', role: 'asked', tcp: { tries: 50, connected, refused } },
    ],
  });
const firewall = (name: string, cause: string): CheckResult =>
  check('firewall', { destinations: [{ name, cause, seen: 'silent' }] });

describe('contradictions', () => {
  it.each<[string, readonly CheckResult[], readonly string[]]>([
    [
      'connections that nobody answered',
      [latency(0), firewall('db:80', 'open')],
      [
        'latency: 0 of 50 connections to db:80 were answered',
        'latency: 0 of 50 connections to db:80 were answered',
      ],
    ],
    ['a destination that was silent', [firewall('db:80', 'dropped')], ['firewall: db:80 was silent']],
    [
      'a port that was asked for and refuses',
      [firewall('http://db/', 'refused')],
      ['firewall: http://db/ was silent'],
    ],
    [
      'name servers of which none answers',
      [check('dns', { servers: [{ udp: { reach: 'silent' } }] })],
      ['dns: no name server answered over UDP'],
    ],
    [
      'a name that was asked for and not found',
      [
        check('dns', {
          servers: [{ udp: { reach: 'answers' } }],
          names: [
            { name: 'kubernetes.default.svc', origin: 'default', getaddrinfo: { outcome: 'unresolved' } },
            { name: 'db', origin: 'asked', getaddrinfo: { outcome: 'unresolved' } },
            { name: 'web', origin: 'asked', getaddrinfo: { outcome: 'resolved' } },
            { name: 'api', origin: 'asked', getaddrinfo: null },
          ],
        }),
      ],
      ['dns: db was unresolved on the target'],
    ],
    [
      'a transfer that stalls',
      [
        check('mtu', {
          destinations: [
            { name: 'gateway' },
            { name: 'web:80', transfer: { outcome: 'done' } },
            { name: 'db:80', transfer: { outcome: 'stalled' } },
            { name: 'api:80', transfer: { skipped: 'no bash' } },
          ],
        }),
      ],
      ['mtu: the transfer to db:80 was stalled'],
    ],
    [
      'a place that saw nothing',
      [
        check('path', {
          paths: [{ name: 'pod/db', points: [{ place: 'node/n2', packet: 'probe', packets: 0 }] }],
        }),
      ],
      ['path: no probe of pod/db was seen at node/n2'],
    ],
    [
      'an endpoint that refuses',
      [
        check('service', {
          services: [
            {
              name: 'svc/db',
              endpoints: [{ address: '10.0.0.1', port: 80, state: 'refused', seen: '"refused"' }],
            },
          ],
        }),
      ],
      ['service: 10.0.0.1:80 of svc/db was "refused"'],
    ],
  ])('%s', (_what, checks, denials) => {
    expect(contradictions(checks).map(({ denial }) => denial)).toEqual(denials);
    const judged = withoutContradictions(checks);
    expect(verdictOf(judged)).toBe('unknown');
    expect(judged.some(({ summary }) => summary.includes(`fine. That is denied: ${denials[0]}`))).toBe(true);
  });

  it.each<[string, readonly CheckResult[]]>([
    ['an open way', [latency(50), firewall('db:80', 'open')]],
    ['a refusal, where no port was asked for', [latency(0, 50), firewall('pod/db', 'refused')]],
    ['a datagram without an answer', [firewall('db:80/udp', 'no-datagram')]],
    ['a place where nobody could listen', [check('path', { paths: [{ points: [{ packets: null }] }] })]],
    ['what was not measured', [check('latency', {}, { status: 'error' }), firewall('db:80', 'unmeasured')]],
  ])('none in %s', (_what, checks) => {
    expect(contradictions(checks)).toEqual([]);
    expect(withoutContradictions(checks)).toEqual(checks);
  });
});
