import { describe, expect, it } from 'vitest';
import { judgeLatency } from '../../../../../src/checks/latency/judge.ts';
import { loss } from '../../../../../src/checks/latency/rules/loss.ts';
import type { ConnectTry, ConnectWay } from '../../../../../src/parsers/tcp-connect.ts';
import { runRecording } from '../../../../recordings/recordings.ts';
import { remedyOf } from '../../results.ts';
import { connected, facts, path, times } from '../build.ts';

const unanswered: ConnectTry = { ms: 2000, outcome: 'unanswered' };
const refused: ConnectTry = { ms: 1, outcome: 'refused' };
const noRoute: ConnectTry = { ms: 0.1, outcome: 'error', error: 'No route to host' };
const unresolved: ConnectTry = { ms: 1, outcome: 'unresolved', error: 'Name or service not known' };

const measures = (spec: Parameters<typeof path>[0]) => {
  const { icmp, tcp, rtts } = path(spec);
  return { icmp, tcp, rtts };
};
const judge = (spec: Parameters<typeof path>[0]) => loss.judge(facts({ paths: [path(spec)] }));
const severities = (spec: Parameters<typeof path>[0]) => judge(spec).map((f) => f.severity);

describe('NT-LAT-002 loss', () => {
  it('is silent on a healthy run', () => {
    expect(judge({})).toEqual([]);
  });

  it.each([
    { lost: 2, sent: 201, severities: [], why: 'just below 1 %' },
    { lost: 2, sent: 200, severities: ['warning'], why: 'at 1 %' },
    { lost: 2, sent: 199, severities: ['warning'], why: 'just above 1 %' },
    { lost: 1, sent: 101, severities: [], why: 'one, below 1 %' },
    { lost: 1, sent: 100, severities: ['info'], why: 'one, at 1 %' },
    { lost: 49, sent: 1000, severities: ['warning'], why: 'just below 5 %' },
    { lost: 50, sent: 1000, severities: ['critical'], why: 'at 5 %' },
    { lost: 51, sent: 1000, severities: ['critical'], why: 'just above 5 %' },
    { lost: 1, sent: 50, severities: ['info'], why: 'one of the fewest probes' },
    { lost: 2, sent: 50, severities: ['warning'], why: 'of the fewest probes' },
    { lost: 20, sent: 49, severities: [], why: 'of too few probes' },
    { lost: 99, sent: 100, severities: ['critical'], why: 'nearly all' },
  ])('$lost of $sent is $severities: $why', ({ lost, sent, severities: expected }) => {
    expect(severities({ icmp: times(sent - lost, 1), lost })).toEqual(expected);
  });

  it('tells a way that was shut for a while from one that is lossy', () => {
    const summary = (gaps: readonly number[]) => {
      const lost = gaps.reduce((sum, one) => sum + one, 0);
      return judge({ icmp: times(50 - lost, 1), lost, gaps })[0]?.summary ?? '';
    };
    expect(summary([14])).toContain(
      '28 % loss, all in one spell (14 in a row): the way was shut for a while',
    );
    expect(summary([14, 14])).toContain('56 % loss, all in 2 spells (14, 14 in a row)');
    for (const gaps of [[14, 1], [4], [5, 5, 5, 5]]) expect(summary(gaps)).toMatch(/ % loss\.$/);
  });

  it('has no rounding in its thresholds', () => {
    for (let hundreds = 2; hundreds <= 30; hundreds++) {
      const sent = hundreds * 100;
      expect(severities({ icmp: times(sent - hundreds, 1), lost: hundreds })).toEqual(['warning']);
      expect(severities({ icmp: times(sent - 5 * hundreds, 1), lost: 5 * hundreds })).toEqual(['critical']);
    }
  });

  it('keeps to the limits that it is given', () => {
    const at = (lost: number, thresholds: { lossWarning?: number; lossCritical?: number }) =>
      loss
        .judge(facts({ paths: [path({ icmp: times(1000 - lost, 1), lost })], thresholds }))
        .map(({ severity }) => severity);
    expect(at(19, { lossWarning: 0.02 })).toEqual([]);
    expect(at(20, { lossWarning: 0.02 })).toEqual(['warning']);
    expect(at(5, { lossCritical: 0.005 })).toEqual(['critical']);
    expect(at(4, { lossCritical: 0.005 })).toEqual([]);
  });

  it('calls one lost probe chance only where no other was lost on any way', () => {
    const one = { icmp: times(49, 1), lost: 1 };
    const again = path({ ...one, destination: { id: 'to1', label: 'pod/peer' } });
    const other = { ...again, address: '192.0.2.10' };
    const alone = loss.judge(facts({ paths: [path(one), path({ icmp: [], lost: 50 })] }));
    expect(alone).toMatchObject([
      {
        severity: 'info',
        summary: expect.stringMatching(/: 2 % loss; once may be chance\.$/),
      },
    ]);
    expect(remedyOf(alone[0])).toContain('kubectl nettools latency TARGET --count 200');
    const twice = loss.judge(facts({ paths: [path(one), again] }));
    expect(twice.map(({ severity }) => severity)).toEqual(['info', 'info']);
    const both = loss.judge(facts({ paths: [path(one), other] }));
    expect(both.map(({ severity }) => severity)).toEqual(['warning', 'warning']);
  });

  describe('at the gateway', () => {
    const lossy = path({
      destination: { id: 'gateway', label: 'gateway', role: 'gateway' },
      icmp: times(90, 1),
      lost: 10,
    });
    const refusing = path({
      destination: { id: 'gateway', label: 'gateway', role: 'gateway' },
      icmp: 'skipped',
      tries: [...times(38, refused), ...times(4, unanswered)],
    });
    const behind = {
      ...path({ destination: { id: 'to1', label: 'pod/far' } }),
      gateway: '192.0.2.9',
      address: '198.51.100.7',
    };
    const told = (...paths: readonly ReturnType<typeof path>[]) =>
      loss.judge(facts({ paths })).map(({ severity }) => severity);

    it('is only told where what passes through it is not lost', () => {
      expect(told(lossy, behind)).toEqual(['info']);
      expect(told(refusing, behind)).toEqual(['info']);
      const [found] = loss.judge(facts({ paths: [lossy, behind] }));
      expect(found?.summary).toMatch(
        /10 % loss; pod\/far behind it loses nothing, so .* as many routers do\.$/,
      );
      expect(remedyOf(found)).toBe('Nothing to mend. Measure the ways that you use: --to DEST.');
    });

    it.each([
      ['nothing else was measured', []],
      ['the other one is on the link', [path({ destination: { id: 'to1' } })]],
      ['the other one has another gateway', [{ ...behind, gateway: '192.0.2.77' }]],
      [
        'too few probes went to the other one',
        [{ ...behind, ...measures({ icmp: times(49, 1), tries: [] }) }],
      ],
      [
        'a SYN to the other one was sent again',
        [{ ...behind, ...measures({ tries: [...times(60, connected(1)), connected(1003)] }) }],
      ],
    ])('counts where %s', (_why, others) => {
      expect(told(lossy, ...others)[0]).toBe('critical');
      expect(told(refusing, ...others)[0]).toBe('critical');
    });

    it('does not make chance of one that another way lost, or the other way round', () => {
      const one = path({ icmp: times(49, 1), lost: 1 });
      expect(told(lossy, behind, one)).toEqual(['info', 'info']);
      expect(told(lossy, { ...behind, ...measures({ icmp: times(49, 1), lost: 1 }) })).toEqual([
        'critical',
        'warning',
      ]);
    });
  });

  describe('of connections that several next hops share', () => {
    const tries = [...times(6, unanswered), ...times(6, connected(1))];
    const way = (isAnswered: boolean, hop: string): ConnectWay => ({ isAnswered, hop, device: 'eth0' });
    const found = (ways: readonly ConnectWay[]) => {
      const one = path({ tries });
      return loss.judge(
        facts({ paths: [{ ...one, tcp: { value: { address: '192.0.2.9', tries, ways } } }] }),
      )[0];
    };
    const [lost, answered] = [way(false, '192.0.2.3'), way(true, '192.0.2.2')];

    it('names the one that leads nowhere', () => {
      const finding = found([...times(6, lost), ...times(6, answered)]);
      expect(finding?.summary).toContain(
        'those that are lost went to the next hop 192.0.2.3 on eth0, and none of those that are answered did, so that next hop forwards nothing.',
      );
      expect(remedyOf(finding)).toMatch(/^Mend the next hop 192\.0\.2\.3 on eth0 /);
    });

    it.each([
      ['they are too few', [...times(3, lost), ...times(4, answered)]],
      [
        'one that was answered took the same',
        [...times(6, lost), ...times(6, answered), way(true, '192.0.2.3')],
      ],
      [
        'one that was lost took the other',
        [...times(6, lost), way(false, '192.0.2.2'), ...times(6, answered)],
      ],
      ['there is only one', [...times(6, way(false, '192.0.2.2')), ...times(6, answered)]],
      ['nothing was answered', times(12, lost)],
    ])('names none where %s', (_why, ways) => {
      expect(found(ways)?.summary).toMatch(/% of them are lost\.$/);
    });
  });

  it('says how much was lost, of what', () => {
    expect(judge({ icmp: times(90, 1), lost: 10 })[0]).toMatchObject({
      subject: 'svc/web',
      summary: '10 of 100 echo requests to svc/web (192.0.2.9) got no answer: 10 % loss.',
    });
  });

  it('is silent where ICMP is filtered but TCP gets through', () => {
    expect(judge({ icmp: [], lost: 100 })).toEqual([]);
    expect(judge({ icmp: [], lost: 100, tries: times(10, refused) })).toEqual([]);
    expect(judge({ icmp: 'skipped' })).toEqual([]);
  });

  describe('of everything', () => {
    it.each([
      {
        tries: times(3, unanswered),
        icmp: [],
        lost: 50,
        words: 'no connection to port 80, and no echo request was answered',
      },
      {
        tries: times(3, noRoute),
        icmp: [],
        lost: 50,
        words: 'connecting fails with "No route to host", and no echo request was answered',
      },
      { tries: [unanswered], icmp: 'skipped' as const, words: 'no connection to port 80.' },
    ])('is critical: $words', ({ words, ...spec }) => {
      const findings = judge(spec);
      expect(findings.map((f) => f.severity)).toEqual(['critical']);
      expect(findings[0]?.summary).toContain(words);
    });

    it.each([
      ['one connection succeeds', { tries: [unanswered, connected(1)], icmp: [], lost: 50 }],
      ['one connection is refused', { tries: [unanswered, refused], icmp: [], lost: 50 }],
      ['one echo request is answered', { tries: [unanswered], icmp: [1], lost: 9 }],
      ['nothing was tried by TCP', { tries: 'skipped' as const, icmp: [], lost: 50 }],
      ['the name does not resolve', { tries: times(3, unresolved), icmp: 'skipped' as const }],
    ])('is not raised when %s', (_why, spec) => {
      expect(judge(spec)).toEqual([]);
    });

    it.each(['gateway', 'dns', 'apiserver'] as const)(
      'is not raised for the %s, which nobody asked for',
      (role) => {
        expect(judge({ destination: { role }, tries: times(3, unanswered), icmp: [], lost: 50 })).toEqual([]);
      },
    );
  });

  it('is raised for packets that were really dropped', () => {
    const { evidence, input } = runRecording('loss');
    const { status, findings } = judgeLatency(evidence, input);
    expect(status).toBe('fail');
    expect(findings).toMatchObject([
      { id: 'NT-LAT-002', severity: 'critical', summary: expect.stringMatching(/^6 of 60 /) },
    ]);
    expect(findings[0]?.evidence[0]?.excerpt).toContain('60 packets transmitted, 54 received');
  });

  it('is raised for a destination that was really silent', () => {
    const { evidence, input } = runRecording('silent');
    const { status, findings } = judgeLatency(evidence, input);
    expect(status).toBe('fail');
    expect(findings).toMatchObject([
      { id: 'NT-LAT-002', severity: 'critical', summary: expect.stringContaining('does not answer at all') },
    ]);
  });

  it('is not raised where echo requests were really filtered', () => {
    const { evidence, input } = runRecording('icmp-filtered');
    expect(judgeLatency(evidence, input)).toMatchObject({ status: 'pass', findings: [] });
  });
});

describe('NT-LAT-002 of connections', () => {
  const silent: ConnectTry = { ms: 1510, outcome: 'unanswered' };
  const cut: ConnectTry = { ms: 300, outcome: 'unanswered' };

  it('is told where some get no answer, whatever echo requests say', () => {
    const [found] = judge({ tries: [silent, connected(1), silent, connected(1)] });
    expect(found?.severity).toBe('critical');
    expect(found?.summary).toMatch(
      /^2 of 4 connections to svc\/web .* got no answer, while the others did: 50 % of them are lost\.$/,
    );
  });

  it.each<[string, readonly ConnectTry[]]>([
    ['one is lost, which may be chance', [silent, connected(1), connected(1)]],
    ['fewer than 5 % are', [silent, silent, ...times(39, connected(1))]],
    ['their time was too short', [cut, cut, connected(1)]],
    ['the name does not resolve', [unresolved, unresolved, connected(1)]],
  ])('is not where %s', (_why, tries) => {
    expect(judge({ tries })).toEqual([]);
  });
});
