import { describe, expect, it } from 'vitest';
import { judge } from '../../../src/checks/report.ts';
import { witnessesIn } from '../../../src/commands/test-witnesses.ts';
import { type Answer, evaluate } from '../../../src/expectations/evaluate.ts';
import type { Question, Seen, Witnesses } from '../../../src/expectations/question.ts';
import type { Expectation } from '../../../src/model/network-test.ts';
import type { CheckResult, Json, Report } from '../../../src/model/report.ts';
import { bundleRecording, runRecording } from '../../recordings/recordings.ts';
import { check, finding, report } from '../report/build.ts';

const NOBODY: Witnesses = { reached: new Map(), unreached: new Map() };

function ask(expected: Expectation, seen: Seen, rest: Partial<Question> = {}, witnesses = NOBODY): Answer {
  const labels = rest.labels ?? ['to:1'];
  return evaluate({ expect: expected, labels, isUrl: false, allLabels: labels, ...rest }, seen, witnesses);
}

const recorded = (name: string): Report => judge(bundleRecording(name).bundle);
const labelIn = (one: Report): string => {
  const all = one.checks[0]?.measurements['destinations'] as unknown as readonly { name: string }[];
  return all[0]?.name ?? '';
};
/** What is expected of the one destination of a recorded run of firewall. */
function ofRecording(name: string, connection: Expectation['connection'], witnesses = NOBODY): Answer {
  const seen = recorded(name);
  return ask(
    { connection: connection ?? 'connected' },
    { report: seen },
    { labels: [labelIn(seen)] },
    witnesses,
  );
}
const ids = ({ findings }: Answer): string[] => findings.map(({ id }) => id);
/** The other client of the same server, that reached it. */
const ALLOWED: Witnesses = { reached: witnessesIn([recorded('firewall-healthy')]), unreached: new Map() };

describe('connected', () => {
  it.each([
    ['firewall-healthy', 'met', []],
    ['firewall-no-listener-tcp', 'failed', []],
    ['firewall-remote-drop', 'failed', ['NT-FW-001']],
    ['firewall-policy-denied', 'failed', ['NT-FW-006', 'NT-FW-001']],
    ['firewall-local-drop-counted', 'failed', ['NT-FW-005', 'NT-FW-002']],
    ['firewall-node-reject', 'failed', ['NT-FW-004']],
    ['firewall-route-blackhole', 'failed', []],
    ['firewall-mtu-black-hole', 'failed', []],
  ])('%s: %s, with %j', (name, outcome, first) => {
    const answer = ofRecording(name, 'connected');
    expect(answer.outcome, answer.summary).toBe(outcome);
    expect(ids(answer)).toEqual(expect.arrayContaining(first));
    expect(ids(answer)[0]).toBe(first[0] ?? ids(answer)[0]);
  });

  it('carries what is worth knowing where nothing is wrong, and only then', () => {
    const info = finding('NT-LAT-005', 'info', { subject: 'to:1' });
    const slow = (...findings: (typeof info)[]): Answer =>
      ask({ connection: 'refused' }, { report: report(check('latency', { findings })) });
    expect(ids(slow(info))).toEqual(['NT-LAT-005']);
    expect(ids(slow(info, finding('NT-LAT-002', 'critical', { subject: 'to:1' })))).toEqual(['NT-LAT-002']);
  });

  it('carries the proof and the remedy of the check that found why', () => {
    const [first] = ofRecording('firewall-policy-denied', 'connected').findings;
    expect(first).toEqual(
      recorded('firewall-policy-denied').checks[0]?.findings.find(({ id }) => id === 'NT-FW-006'),
    );
  });

  it('is not known of a datagram without an answer, nor of what was not measured', () => {
    expect(reachedBy({ cause: 'no-datagram', seen: 'no answer' }, 'connected').outcome).toBe('unknown');
    expect(reachedBy({ cause: 'unmeasured', seen: 'no bash' }, 'connected').outcome).toBe('unknown');
    const blind = report(check('firewall', { status: 'error', summary: 'Nothing could be run.' }));
    const answer = ask({ connection: 'connected' }, { report: blind });
    expect(answer).toMatchObject({
      outcome: 'unknown',
      summary: 'not measured: expected connected: Nothing could be run.',
    });
  });

  it('is of every address that a destination has', () => {
    const rows = [row('svc/a:1', 'open'), row('svc/a:1 → a-0', 'open'), row('svc/a:1 → a-1', 'dropped')];
    const answer = ask(
      { connection: 'connected' },
      { report: firewall(rows) },
      { labels: rows.map(({ name }) => name) },
    );
    expect(answer.outcome).toBe('failed');
    expect(answer.assertions[0]?.seen).toMatch(/^svc\/a:1 → a-1/);
  });

  it('is not met by a proxy of the target that answers for everybody, nor by a connection that ends at once', () => {
    const proxied = finding('NT-PROXY-001', 'info', { subject: 'to:1' });
    expect(reachedBy({ cause: 'open' }, 'connected', NOBODY, [proxied]).outcome).toBe('unknown');
    const ended = finding('NT-FW-011', 'critical', { subject: 'to:1' });
    expect(reachedBy({ cause: 'open' }, 'connected', NOBODY, [ended]).outcome).toBe('failed');
    // Nor does it speak for what is denied or refused behind it.
    expect(reachedBy({ cause: 'open' }, 'denied', NOBODY, [proxied]).outcome).toBe('notProven');
    expect(reachedBy({ cause: 'open' }, 'refused', NOBODY, [proxied]).outcome).toBe('unknown');
  });

  it('is not so of a name that does not exist, and that is no denial', () => {
    const one: Row = { ...row('a.example:1', 'unmeasured'), address: 'a.example', seen: 'it has no address' };
    const of = (connection: 'connected' | 'denied', ...names: CheckResult['findings']): Answer => {
      const { checks } = firewall([one]);
      const seen = { report: report(...checks, check('dns', { findings: names })) };
      return ask({ connection }, seen, { labels: [one.name] });
    };
    const missing = finding('NT-DNS-005', 'critical', { subject: 'a.example' });
    expect(of('connected', missing)).toMatchObject({ outcome: 'failed', findings: [missing] });
    expect(of('connected').outcome).toBe('unknown');
    expect(of('denied', missing).outcome).toBe('unknown');
  });
});

describe('refused', () => {
  it.each([
    ['firewall-no-listener-tcp', 'met'],
    ['firewall-healthy', 'failed'],
    ['firewall-remote-drop', 'failed'],
    ['firewall-node-reject', 'failed'],
  ])('%s: %s', (name, outcome) => {
    expect(ofRecording(name, 'refused').outcome).toBe(outcome);
  });
});

it('a refusal of which nobody heard who it came from is not known to be of the destination', () => {
  expect(reachedBy({ cause: 'rejected' }, 'refused').outcome).toBe('unknown');
  const icmpErrors = [{ from: '192.0.2.77', kind: 'port-unreachable' }];
  expect(reachedBy({ cause: 'rejected', icmpErrors }, 'refused').outcome).toBe('failed');
});

describe('denied', () => {
  it('is met where a policy is the reason and another source reaches the listener', () => {
    const answer = ofRecording('firewall-policy-denied', 'denied', ALLOWED);
    expect(answer).toMatchObject({ outcome: 'met', needs: [], findings: [] });
    expect(answer.provenBy).toEqual(['pod/client in nettools-rec-firewall']);
  });

  it('is not proven before anybody has reached the listener', () => {
    const answer = ofRecording('firewall-policy-denied', 'denied');
    expect(answer.outcome).toBe('notProven');
    expect(answer.needs).toEqual([{ protocol: 'tcp', address: '198.18.2.141', port: 8080 }]);
    expect(answer.summary).toMatch(/^not proven: .* it is not known that somebody listens there/);
  });

  it('is not proven by a server that is down, by silence alone, or by a route that is missing', () => {
    for (const name of ['firewall-no-listener-tcp', 'firewall-remote-drop', 'firewall-no-route'])
      expect([name, ofRecording(name, 'denied', everybody(name)).outcome]).toEqual([name, 'notProven']);
  });

  it('is not so where it can be reached, and says that nothing enforces the policy', () => {
    const answer = ofRecording('firewall-policy-unenforced', 'denied', ALLOWED);
    expect(answer.outcome).toBe('failed');
    expect(ids(answer)).toEqual(['NT-FW-010']);
    expect(ofRecording('firewall-healthy', 'denied', ALLOWED).outcome).toBe('failed');
  });

  it.each(['firewall-local-drop-counted', 'firewall-node-reject', 'firewall-admin-prohibited'])(
    'is met by a rule that is named: %s',
    (name) => {
      expect(ofRecording(name, 'denied', everybody(name)).outcome).toBe('met');
      expect(ofRecording(name, 'denied').outcome).toBe('notProven');
    },
  );

  it('is not proven by a rejection that follows from something else, as that of a Service without endpoints', () => {
    const rejected = (causedBy: string): Answer => {
      const found = finding('NT-FW-004', 'critical', { subject: 'to:1', causedBy });
      const reached = new Map([[JSON.stringify(['tcp', '192.0.2.4', 80]), 'node/n2']]);
      return reachedBy({ cause: 'rejected' }, 'denied', { reached, unreached: new Map() }, [found]);
    };
    expect(rejected('NT-SVC-001').outcome).toBe('notProven');
    expect(rejected('NT-FW-006').outcome).toBe('met');
  });

  it('is not proven by a policy where a fault of the way would lose it too', () => {
    const reached = new Map([[JSON.stringify(['tcp', '192.0.2.4', 80]), 'node/n2']]);
    const of = (...findings: CheckResult['findings']): Answer => {
      const { checks } = firewall(
        [row('to:1', 'dropped', 'denied')],
        [finding('NT-FW-006', 'critical', { subject: 'to:1' })],
      );
      const seen = { report: report(...checks, check('arp', { findings })) };
      return ask({ connection: 'denied' }, seen, {}, { reached, unreached: new Map() });
    };
    expect(of().outcome).toBe('met');
    const broken = of(finding('NT-ARP-002', 'critical'));
    expect(broken).toMatchObject({ outcome: 'notProven', needs: [] });
    expect(broken.summary).toMatch(/the policy need not be the reason: .*\(NT-ARP-002\)\.$/);
    // What is found of others, or of no weight for all, changes nothing.
    expect(of(finding('NT-ARP-002', 'critical', { subject: 'other:1' })).outcome).toBe('met');
    expect(of(finding('NT-ARP-005', 'warning')).outcome).toBe('met');
    // The cause of a symptom of this destination is one, whatever its weight.
    const loss = finding('NT-LAT-002', 'critical', { subject: 'to:1', causedBy: 'NT-RT-004' });
    expect(of(finding('NT-RT-004', 'warning'), loss).outcome).toBe('notProven');
  });

  it('says why the witness saw nothing', () => {
    const key = JSON.stringify(['tcp', '198.18.2.141', 8080]);
    const unreached = new Map([[key, 'node/n2: it does not reach it either: refused']]);
    const answer = ofRecording('firewall-policy-denied', 'denied', { reached: new Map(), unreached });
    expect(answer.outcome).toBe('notProven');
    expect(answer.summary).toContain('node/n2: it does not reach it either: refused');
  });

  it('of a Service is of its endpoints, each of which somebody has to reach', () => {
    const rows = ['svc/a:1', 'svc/a:1 → a-0', 'svc/a:1 → a-1'].map((name) => row(name, 'dropped', 'denied'));
    const key = (at: number): string => JSON.stringify(['tcp', `192.0.2.${rows[at]?.name.length}`, 80 + at]);
    const own = rows.map((one, at) => ({ ...one, port: 80 + at }));
    const one = (reached: Map<string, string>): Answer =>
      ask(
        { connection: 'denied' },
        { report: firewall(own) },
        { labels: own.map(({ name }) => name) },
        { reached, unreached: new Map() },
      );
    expect(one(new Map([[key(1), 'a']])).outcome).toBe('notProven');
    expect(
      one(
        new Map([
          [key(1), 'a'],
          [key(2), 'b'],
        ]),
      ),
    ).toMatchObject({ outcome: 'met', provenBy: ['a', 'b'] });
    // Its own address takes connections, wherever they end.
    const open = own.map((row, at) => (at === 0 ? { ...row, cause: 'open' } : row));
    expect(
      ask({ connection: 'denied' }, { report: firewall(open) }, { labels: own.map(({ name }) => name) })
        .outcome,
    ).toBe('failed');
  });
});

/** Whoever was asked for the recorded destination has reached it. */
function everybody(name: string): Witnesses {
  const all = recorded(name).checks[0]?.measurements['destinations'] as unknown as readonly {
    protocol: string;
    address: string;
    port: number;
  }[];
  const reached = new Map(
    all.map(({ protocol, address, port }) => [JSON.stringify([protocol, address, port]), 'node/n2']),
  );
  return { reached, unreached: new Map() };
}

interface Row {
  readonly name: string;
  readonly cause: string;
  readonly [key: string]: Json;
}

function row(name: string, cause: string, verdict = 'allowed'): Row {
  const address = `192.0.2.${name.length}`;
  return { name, cause, protocol: 'tcp', address, port: 80, seen: `${cause} it was`, policies: { verdict } };
}

function firewall(rows: readonly Row[], findings: CheckResult['findings'] = []): Report {
  return report(check('firewall', { measurements: { destinations: rows }, findings }));
}

function reachedBy(
  part: Partial<Row>,
  connection: NonNullable<Expectation['connection']>,
  witnesses = NOBODY,
  findings: CheckResult['findings'] = [],
): Answer {
  const one = { ...row('to:1', 'open'), ...part } as Row;
  return ask({ connection }, { report: firewall([one], findings) }, {}, witnesses);
}

describe('times and loss', () => {
  const latency = (name: string): Seen => {
    const { input, evidence } = runRecording(name);
    const { bundle } = bundleRecording('firewall-healthy');
    return { report: judge({ ...bundle, checks: [{ id: 'latency', input, evidence, durationMs: 1 }] }) };
  };
  const asked = (seen: Seen): string => {
    const all = seen.report.checks[0]?.measurements['destinations'] as unknown as readonly {
      name: string;
      role: string;
    }[];
    return (all.find(({ role }) => role === 'asked') ?? all[0])?.name ?? '';
  };
  const of = (name: string, expected: Expectation, label?: string): Answer => {
    const seen = latency(name);
    return ask(expected, seen, { labels: [label ?? asked(seen)] });
  };

  it('is not known of an address that answers TCP alone, and is that of the endpoints of a Service', () => {
    expect(of('healthy', { loss: 0 }).summary).toMatch(/answers TCP and no echo request/);
    const parts = [
      { name: 'svc/a:1', icmp: { sent: 50, lossPercent: 100 }, tcp: { connected: 50 } },
      { name: 'svc/a:1 → a-0', icmp: { sent: 50, lossPercent: 2 }, tcp: { connected: 50 } },
    ];
    const seen = { report: report(check('latency', { measurements: { destinations: parts } })) };
    const labels = parts.map(({ name }) => name);
    expect(ask({ loss: 0.02 }, seen, { labels }).outcome).toBe('met');
    expect(ask({ loss: 0.01 }, seen, { labels }).outcome).toBe('failed');
  });

  it.each<[string, Expectation, string, string | undefined]>([
    ['healthy', { withinMs: 50 }, 'met', undefined],
    ['healthy', { withinMs: 0.0001 }, 'failed', undefined],
    ['slow-connect', { withinMs: 50 }, 'failed', 'NT-LAT-005'],
    ['silent', { withinMs: 50 }, 'unknown', undefined],
    ['loss', { loss: 0.001 }, 'failed', 'NT-LAT-002'],
    ['icmp-filtered', { loss: 0 }, 'unknown', undefined],
  ])('%s, %j: %s', (name, expected, outcome, id) => {
    const answer = of(name, expected);
    expect(answer.outcome, answer.summary).toBe(outcome);
    if (id !== undefined) expect(ids(answer)).toContain(id);
  });

  const one = (icmp: object, tcp: object = {}): Seen => ({
    report: report(
      check('latency', { measurements: { destinations: [{ name: 'to:1', icmp, tcp } as Json] } }),
    ),
  });

  it('is met where every echo request is answered, if there were enough of them', () => {
    expect(ask({ loss: 0 }, one({ sent: 50, lossPercent: 0 })).outcome).toBe('met');
    const few = ask({ loss: 0 }, one({ sent: 5, lossPercent: 0 }));
    expect(few).toMatchObject({ outcome: 'unknown' });
    expect(few.summary).toBe(
      'not measured: expected loss at most 0%: 0% of 5 echo requests were lost, and 50 are needed.',
    );
    expect(ask({ loss: 0 }, one({ sent: 5, lossPercent: 20 })).outcome).toBe('failed');
  });

  it('counts a connection that never came about as one that took too long', () => {
    const tcp = (connected: number): object => ({ tries: 50, connected, refused: 0, connectMs: { p95: 1 } });
    expect(ask({ withinMs: 20 }, one({}, tcp(48))).outcome).toBe('met');
    const cut = ask({ withinMs: 20 }, one({}, tcp(40)));
    expect(cut).toMatchObject({ outcome: 'failed' });
    expect(cut.summary).toBe('expected within 20 ms: to:1: 10 of 50 connections were not answered.');
  });

  it('speaks of 95 % of all connections, not of those that were answered', () => {
    const timesMs = [...Array.from({ length: 46 }, () => 1), 30, 40];
    const tcp = { tries: 50, connected: 48, refused: 0, timesMs, connectMs: { p95: 1 } };
    expect(ask({ withinMs: 20 }, one({}, tcp)).summary).toBe(
      'expected within 20 ms: 95 % of the connections took at most 40 ms.',
    );
  });

  const beside = (cause: string, ...silent: Json[]): Seen => {
    const tcp = { tries: 50, connected: 50, refused: 0, connectMs: { p95: 30 } };
    const timed = check('latency', { measurements: { destinations: [{ name: 'to:1', tcp }, ...silent] } });
    return { report: report(...firewall([row('to:1', cause)]).checks, timed) };
  };

  it.each<[string, Expectation['connection'], string]>([
    ['open', 'connected', 'within 20 ms: 95 % of the connections took at most 30 ms'],
    ['dropped', 'connected', 'within 20 ms: to:1 was not connected to (dropped it was)'],
    ['refused', 'connected', 'within 20 ms: to:1 was not connected to (refused it was)'],
    ['refused', 'refused', 'within 20 ms: 95 % of the connections took at most 30 ms'],
  ])(
    'claims no time of connections beside one that was %s, where it is to be %s',
    (cause, connection, says) => {
      const answer = ask({ connection: connection ?? 'connected', withinMs: 20 }, beside(cause));
      expect(answer.summary).toContain(says);
      // Even one that is fast enough.
      const fast = ask({ connection: connection ?? 'connected', withinMs: 200 }, beside(cause));
      const time = fast.assertions.find(({ key }) => key === 'within');
      expect(time?.outcome).toBe(says.includes('95 %') ? 'met' : 'failed');
    },
  );

  it('says of which address a time is, where another has none', () => {
    const labels = ['to:1', 'to:1 → b'];
    const answer = ask({ withinMs: 20 }, beside('open', { name: 'to:1 → b', tcp: { tries: 50 } }), {
      labels,
    });
    expect(answer.summary).toBe('expected within 20 ms: to:1: 95 % of the connections took at most 30 ms.');
  });
});

describe('what else is expected', () => {
  const only = (
    id: string,
    measurements: CheckResult['measurements'],
    rest: Partial<CheckResult> = {},
  ): Seen => ({
    report: report(check(id, { measurements, ...rest })),
  });
  const mtu = (...sizes: (number | null)[]): Seen =>
    only(
      'mtu',
      { destinations: sizes.map((pathMtu) => ({ name: 'to:1', pathMtu })) },
      { summary: 'No echo.' },
    );
  const tls = (daysLeft: number | null, names: string[] = []): Seen =>
    only('tls', {
      servers: [{ name: 'to:1', ...(daysLeft === null ? {} : { daysLeft, alternativeNames: names }) }],
    });
  const dns = (addresses: string[], outcome: string, answers: [string, string][], ms = 30): Seen =>
    only('dns', {
      names: [
        {
          name: 'a.example',
          addresses,
          getaddrinfo: { by: 'getent', ms, outcome },
          candidates: answers.map(([A, AAAA]) => ({ name: 'a.example', A, AAAA })),
        },
      ],
    });
  const http = (status: number, totalMs: number): Seen =>
    only('latency', { destinations: [{ name: 'to:1', http: { status, totalMs } }] });
  const NAME = { dns: 'a.example', labels: [] };
  const found = dns(['192.0.2.1', '192.0.2.2'], 'resolved', [['192.0.2.1 192.0.2.2', 'no record']]);
  const missing = dns([], 'unresolved', [['NXDOMAIN', 'NXDOMAIN']]);
  const silent = dns([], 'temporary-failure', [['timeout', 'timeout']]);

  it.each<[string, Expectation, Seen, Partial<Question>, string, RegExp]>([
    ['mtu', { mtu: 1450 }, mtu(1500), {}, 'met', /1500 bytes/],
    ['mtu', { mtu: 1450 }, mtu(1400), {}, 'failed', /packets of 1400 bytes get through/],
    ['the smallest mtu', { mtu: 1450 }, mtu(1500, 1400), {}, 'failed', /1400/],
    ['mtu', { mtu: 1450 }, mtu(null), {}, 'unknown', /not measured: .*No echo/],
    ['days', { certificateDays: 21 }, tls(30), {}, 'met', /30 days/],
    ['days', { certificateDays: 21 }, tls(20), {}, 'failed', /it expires in 20 days/],
    ['days', { certificateDays: 21 }, tls(-1), {}, 'failed', /it has expired/],
    ['days', { certificateDays: 0 }, tls(null), {}, 'unknown', /tls is fine/],
    ['names', { certificateNames: ['b.a.example'] }, tls(1, ['*.a.example']), {}, 'met', /a\.example/],
    ['names', { certificateNames: ['c.b.a.example'] }, tls(1, ['*.a.example']), {}, 'failed', /not for c\.b/],
    ['answers', { answers: 2 }, found, NAME, 'met', /192\.0\.2\.1, 192\.0\.2\.2/],
    ['answers', { answers: 3 }, found, NAME, 'failed', /at least 3 addresses/],
    ['answers', { answers: ['192.0.2.2'] }, found, NAME, 'met', /./],
    ['answers', { answers: ['192.0.2.3'] }, found, NAME, 'failed', /./],
    ['answers', { answers: 1 }, missing, NAME, 'failed', /NXDOMAIN/],
    ['answers', { answers: 1 }, silent, NAME, 'failed', /timeout/],
    ['no answer', { answers: 0 }, missing, NAME, 'met', /NXDOMAIN/],
    ['no answer, and silence', { answers: 0 }, silent, NAME, 'unknown', /timeout/],
    ['no answer', { answers: 0 }, found, NAME, 'failed', /192/],
    [
      'a name that nobody looked up',
      { answers: 1 },
      found,
      { dns: 'b.example', labels: [] },
      'unknown',
      /dns is fine/,
    ],
    ['a look-up', { withinMs: 20 }, found, NAME, 'failed', /took 30 ms/],
    ['a look-up', { withinMs: 200 }, found, NAME, 'met', /took 30 ms/],
    ['status', { status: [200] }, http(200, 12), { isUrl: true }, 'met', /200/],
    [
      'status',
      { status: [200, 204] },
      http(503, 12),
      { isUrl: true },
      'failed',
      /200 or 204: the status is 503/,
    ],
    ['status', { status: [200] }, http(0, 12), { isUrl: true }, 'unknown', /no answer came/],
    ['a request', { withinMs: 10 }, http(200, 12), { isUrl: true }, 'failed', /the request took 12 ms/],
    ['a request without an answer', { withinMs: 10 }, http(0, 1), { isUrl: true }, 'unknown', /no answer/],
    [
      'a rate that was not measured',
      { throughputBits: 1e9 },
      http(0, 1),
      {},
      'unknown',
      /it was not measured/,
    ],
  ])('%s %j', (_what, expected, seen, question, outcome, says) => {
    const answer = ask(expected, seen, question);
    expect(answer.outcome, answer.summary).toBe(outcome);
    expect(answer.summary).toMatch(says);
  });

  it('is a rate, which is of a run of its own', () => {
    const throughput = only('throughput', { destinations: [{ name: 'to:1', bitsPerSecond: 4.2e8 }] }).report;
    const of = (bits: number): Answer => ask({ throughputBits: bits }, { report: report(), throughput });
    expect(of(4e8)).toMatchObject({ outcome: 'met' });
    expect(of(1e9).summary).toBe('expected at least 1 Gbit/s: one connection carries 420 Mbit/s.');
  });

  it('is the look-up of a name that had no room in the first run', () => {
    expect(ask({ answers: 2 }, { report: report(check('dns')), names: [found.report] }, NAME).outcome).toBe(
      'met',
    );
  });

  it('is that there is no finding, where all could be measured', () => {
    const bad = finding('NT-RT-001', 'warning');
    const denial = finding('NT-FW-006', 'critical', { subject: 'svc/b:1' });
    const whole = { labels: [], allLabels: ['svc/b:1'] };
    const routing = (...findings: CheckResult['findings']): Seen => only('routing', {}, { findings });
    expect(ask({ noFindingAbove: 'info' }, routing(), whole).outcome).toBe('met');
    expect(ask({ noFindingAbove: 'info' }, routing(bad), whole).outcome).toBe('failed');
    expect(ask({ noFindingAbove: 'warning' }, routing(bad), whole).outcome).toBe('met');
    // What another test asks for is that test's.
    expect(ask({ noFindingAbove: 'info' }, routing(denial), whole).outcome).toBe('met');
    expect(ask({ noFindingAbove: 'info' }, routing(denial), { labels: ['svc/b:1'] }).outcome).toBe('failed');
    expect(ask({ noFindingAbove: 'info' }, only('dns', {}, { status: 'error' }), whole).outcome).toBe(
      'unknown',
    );
  });
});
