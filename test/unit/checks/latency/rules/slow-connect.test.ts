import { describe, expect, it } from 'vitest';
import { judgeLatency } from '../../../../../src/checks/latency/judge.ts';
import { slowConnect } from '../../../../../src/checks/latency/rules/slow-connect.ts';
import type { ConnectTry } from '../../../../../src/parsers/tcp-connect.ts';
import { runRecording } from '../../../../recordings/recordings.ts';
import { remedyOf } from '../../results.ts';
import { connected, facts, path, result, times } from '../build.ts';

const judge = (syn: number, tries: readonly ConnectTry[]) =>
  slowConnect.judge(facts({ paths: [path({ tries })], grew: { 'TcpExt.TCPSynRetrans': syn } }));

describe('NT-LAT-005 slow connect', () => {
  it.each([
    { syn: 1, ms: 899.999, raised: false, why: 'just below 900 ms' },
    { syn: 1, ms: 900, raised: true, why: 'at 900 ms' },
    { syn: 1, ms: 1010, raised: true, why: 'the second SYN' },
    { syn: 0, ms: 5000, raised: false, why: 'slow, but no SYN was sent again: a long way, or a slow accept' },
  ])('$raised with $syn SYN sent again and a connection of $ms ms: $why', ({ syn, ms, raised }) => {
    expect(judge(syn, [connected(1), connected(ms)]).map((f) => f.severity)).toEqual(
      raised ? ['warning'] : [],
    );
  });

  describe('of which one was slow', () => {
    const series = (before: number, after: number) =>
      path({ tries: [...times(before, connected(1)), connected(1010), ...times(after, connected(1))] });
    const severities = (...paths: ReturnType<typeof path>[]) =>
      slowConnect.judge(facts({ paths, grew: { 'TcpExt.TCPSynRetrans': 1 } })).map((f) => f.severity);

    it.each([
      { why: 'of twenty', paths: [series(9, 10)], expected: ['info'] },
      { why: 'of nineteen', paths: [series(9, 9)], expected: ['warning'] },
      {
        why: 'on each of two ways, at the same time',
        paths: [series(9, 40), series(19, 30)],
        expected: ['info', 'info'],
      },
      {
        why: 'on each of two ways, one after the other',
        paths: [series(9, 40), series(20, 29)],
        expected: ['warning', 'warning'],
      },
    ])('$why: $expected', ({ paths, expected }) => expect(severities(...paths)).toEqual(expected));

    it('is a warning with a second one on the same way', () => {
      expect(
        severities(path({ tries: [...times(40, connected(1)), connected(1010), connected(1010)] })),
      ).toEqual(['warning']);
    });

    it('says that once may be chance, and how to know', () => {
      const [found] = judge(1, [...times(49, connected(1)), connected(1010)]);
      expect(found).toMatchObject({
        summary: expect.stringMatching(
          /^1 of 50 connections .* with 1 SYN sent again in the run; once may be chance\.$/,
        ),
      });
      expect(remedyOf(found)).toContain('kubectl nettools latency TARGET --count 200');
    });
  });

  it.each([
    { pressure: 0.9, slow: 3, severities: ['info'], why: 'a busy node' },
    { pressure: 0.5, slow: 10, severities: ['info'], why: 'a third, half of the time' },
    { pressure: 0.9, slow: 11, severities: ['warning'], why: 'more than a CPU explains' },
    { pressure: 0.49, slow: 3, severities: ['warning'], why: 'a node with time left' },
  ])('$slow of 30, with a CPU waited for in $pressure of the run, is $severities: $why', (row) => {
    const tries = [...times(30 - row.slow, connected(1)), ...times(row.slow, connected(1010))];
    const found = slowConnect.judge({
      ...facts({ paths: [path({ tries })], grew: { 'TcpExt.TCPSynRetrans': row.slow } }),
      cpuPressure: { value: row.pressure, quotes: [] },
    });
    expect(found.map((f) => f.severity)).toEqual(row.severities);
  });

  it('is a warning on a busy node too where few connections were made', () => {
    const tries = [...times(4, connected(1)), connected(1010)];
    const found = slowConnect.judge({
      ...facts({ paths: [path({ tries })], grew: { 'TcpExt.TCPSynRetrans': 1 } }),
      cpuPressure: { value: 1, quotes: [] },
    });
    expect(found.map((f) => f.severity)).toEqual(['warning']);
  });

  it('is silent about SYNs of others: no connection of the check was slow', () => {
    expect(judge(20, [connected(1), connected(2)])).toEqual([]);
  });

  it('is silent about tries that did not connect', () => {
    expect(
      judge(5, [
        { ms: 2000, outcome: 'unanswered' },
        { ms: 1500, outcome: 'refused' },
        { ms: 1500, outcome: 'error', error: 'No route to host' },
      ]),
    ).toEqual([]);
  });

  it('is silent where the counter is not known', () => {
    const { counters, ...rest } = facts({
      paths: [path({ tries: [connected(1000)] })],
      grew: { 'TcpExt.TCPSynRetrans': 1 },
    });
    expect(slowConnect.judge({ ...rest, counters: { ...counters, after: {} } })).toEqual([]);
  });

  it('names the destination, how many and the worst', () => {
    expect(judge(4, [connected(1), connected(1010), connected(3020)])[0]).toMatchObject({
      subject: 'svc/web',
      summary:
        '2 of 3 connections to svc/web (192.0.2.9:80) took 900 ms or more (at worst 3.02 s), with 4 SYN sent again in the run.',
    });
  });

  it('quotes the slow connections and no fast one', () => {
    const slow = path({ tries: [connected(1010)] });
    const text =
      'address 192.0.2.9\ntry\nok 1010000\ntry\nok 899999\ntry\nok 900000\ntry\nok 250000\ntry\nok 120\n';
    const paths = [{ ...slow, results: { ...slow.results, tcp: result('tcp', text) } }];
    const [finding] = slowConnect.judge(facts({ paths, grew: { 'TcpExt.TCPSynRetrans': 2 } }));
    expect(finding?.evidence.map((e) => e.excerpt)).toEqual([
      'ok 1010000\nok 900000',
      'TcpExt TCPSynRetrans 1000 before, 1002 after',
    ]);
  });

  it('is raised for SYNs that were really dropped', () => {
    const { evidence, input } = runRecording('slow-connect');
    const { status, findings } = judgeLatency(evidence, input);
    expect(status).toBe('warn');
    expect(findings).toMatchObject([
      { id: 'NT-LAT-005', summary: expect.stringMatching(/^3 of 30 connections/) },
    ]);
  });
});
