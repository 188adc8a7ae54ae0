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
const latency = (connected: number, refused = 0, name = 'db:80'): CheckResult =>
  check('latency', {
    destinations: [
      { name: 'gateway', role: 'gateway', tcp: { tries: 50, connected: 0, refused: 0 } },
      { name, role: 'asked', tcp: { tries: 50, connected, refused } },
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
      'a port that refused each connection of another check',
      [latency(0, 50), firewall('db:80', 'open')],
      ['latency: 50 of 50 connections to db:80 were refused'],
    ],
    [
      'a share of connections that fail',
      [
        check('latency', {
          destinations: [
            {
              name: 'db:80',
              role: 'asked',
              tcp: { tries: 50, connected: 30, refused: 0, unanswered: 15, failed: 5 },
            },
          ],
        }),
      ],
      ['latency: 20 of 50 connections to db:80 failed'],
    ],
    [
      'a way on which nothing came back',
      [
        check('routing', { destinations: [{ name: 'db:80', role: 'asked', answered: false }] }),
        firewall('db:80', 'open'),
      ],
      ['routing: nothing came back from db:80'],
    ],
    [
      'a request that is answered with an error, or not whole',
      [
        check('latency', {
          destinations: [
            { name: 'http://db/', role: 'asked', http: { status: 503 } },
            { name: 'http://web/', role: 'asked', http: { status: 200, ended: 'reset' } },
          ],
        }),
      ],
      [
        'latency: http://db/ is answered with HTTP 503',
        'latency: the answer of http://web/ was not whole (reset)',
      ],
    ],
    [
      'what was not measured, and no other check passes by that',
      [firewall('db:80', 'unmeasured')],
      ['firewall: db:80 was not measured (silent)'],
    ],
    [
      'a proxy that answered alone',
      [
        {
          ...firewall('db:80', 'open'),
          findings: [
            {
              id: 'NT-PROXY-001',
              severity: 'info',
              title: 'A rule leads it to a proxy',
              summary: 'db:80 was not measured: a rule leads it to port 15001.',
              evidence: [],
              remediation: 'None.',
            },
          ],
        },
      ],
      ['firewall: db:80 was not measured: a rule leads it to port 15001'],
    ],
    [
      'an interface that is needed and has no carrier',
      [check('interfaces', { interfaces: [{ name: 'eth0', needed: true, carrier: false }] })],
      ['interfaces: eth0 is needed and has no carrier'],
    ],
    [
      'a neighbour that does not answer',
      [
        check('arp', {
          neighbours: [
            { address: '198.18.1.1', device: 'eth0', state: 'FAILED', answers: [], neededBy: ['gateway'] },
          ],
        }),
      ],
      ['arp: 198.18.1.1 on eth0 does not answer'],
    ],
    [
      'a load of which nothing arrived',
      [check('throughput', { destinations: [{ name: 'db:80', bitsPerSecond: 0 }] })],
      ['throughput: nothing got to db:80'],
    ],
    [
      'a cluster IP that refuses',
      [
        check('service', {
          services: [
            {
              name: 'svc/db',
              clusterIp: '10.96.0.9',
              virtual: [{ state: 'works' }, { state: 'silent', seen: 'silent' }],
            },
          ],
        }),
      ],
      ['service: the cluster IP 10.96.0.9 of svc/db was silent'],
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
    ['a refusal, where no port was asked for', [latency(0, 50, 'pod/db'), firewall('pod/db', 'refused')]],
    ['a datagram without an answer', [firewall('db:80/udp', 'no-datagram')]],
    ['a place where nobody could listen', [check('path', { paths: [{ points: [{ packets: null }] }] })]],
    ['what was not measured', [check('latency', {}, { status: 'error' })]],
    [
      'a server error that is a finding',
      [check('latency', { destinations: [{ name: 'http://db/', http: { status: 404 } }] })],
    ],
    [
      'one connection of many',
      [
        check('latency', {
          destinations: [
            {
              name: 'db:80',
              role: 'asked',
              tcp: { tries: 50, connected: 49, refused: 0, unanswered: 1, failed: 0 },
            },
          ],
        }),
      ],
    ],
    [
      'a way of which nothing is known',
      [check('routing', { destinations: [{ name: 'db', role: 'asked', answered: null }] })],
    ],
    [
      'a neighbour that has not been asked',
      [check('arp', { neighbours: [{ address: 'a', state: 'STALE', answers: [], neededBy: ['gateway'] }] })],
    ],
  ])('none in %s', (_what, checks) => {
    expect(contradictions(checks)).toEqual([]);
    expect(withoutContradictions(checks)).toEqual(checks);
  });
});
