import { describe, expect, it } from 'vitest';
import { judgeLatency } from '../../../../../src/checks/latency/judge.ts';
import { retransmits } from '../../../../../src/checks/latency/rules/retransmits.ts';
import { runRecording } from '../../../../recordings/recordings.ts';
import { connected, facts, path } from '../build.ts';

const judge = (again: number, sent: number, syn = 0) =>
  retransmits.judge(
    facts({
      grew: { 'Tcp.RetransSegs': again, 'TcpExt.TCPOrigDataSent': sent, 'TcpExt.TCPSynRetrans': syn },
    }),
  );

describe('NT-LAT-003 retransmits', () => {
  it.each([
    { again: 0, sent: 1000, severities: [], why: 'nothing' },
    { again: 10, sent: 1000, severities: [], why: 'at 1 %' },
    { again: 11, sent: 1000, severities: ['warning'], why: 'just above 1 %' },
    { again: 50, sent: 1000, severities: ['warning'], why: 'at 5 %' },
    { again: 51, sent: 1000, severities: ['critical'], why: 'just above 5 %' },
    { again: 99, sent: 99, severities: [], why: 'too little data to judge' },
    { again: 3, sent: 100, severities: ['warning'], why: 'just enough data' },
    { again: 2, sent: 100, severities: ['info'], why: 'too few to tell from chance' },
    { again: 0, sent: 0, severities: [], why: 'an idle namespace' },
  ])('$again of $sent is $severities: $why', ({ again, sent, severities }) => {
    expect(judge(again, sent).map((f) => f.severity)).toEqual(severities);
  });

  it('keeps to the limits that it is given', () => {
    const at = (again: number, thresholds: { retransmitWarning?: number; retransmitCritical?: number }) =>
      retransmits
        .judge(facts({ grew: { 'Tcp.RetransSegs': again, 'TcpExt.TCPOrigDataSent': 1000 }, thresholds }))
        .map(({ severity }) => severity);
    expect(at(20, { retransmitWarning: 0.02 })).toEqual([]);
    expect(at(21, { retransmitWarning: 0.02 })).toEqual(['warning']);
    expect(at(6, { retransmitCritical: 0.005 })).toEqual(['critical']);
    expect(at(5, { retransmitCritical: 0.005 })).toEqual([]);
  });

  it('leaves out SYNs that were sent again, which are no data', () => {
    expect(judge(300, 1000, 300)).toEqual([]);
    expect(judge(310, 1000, 300)).toEqual([]);
    expect(judge(311, 1000, 300)[0]?.summary).toBe(
      '11 of 1000 TCP data segments were sent again during the run: 1.1 %.',
    );
  });

  it('is no more than an info of a machine, whose programs talk to anybody, unless the run itself suffers', () => {
    const grew = { 'Tcp.RetransSegs': 500, 'TcpExt.TCPOrigDataSent': 1000 };
    const at = (spec: Partial<Parameters<typeof facts>[0]>) =>
      retransmits.judge(facts({ grew, isHost: true, ...spec })).map(({ severity }) => severity);
    const socket = {
      ...{ state: 'ESTAB', local: '192.0.2.1:4000', rtt: 1, minRtt: 1 },
      ...{ retransmitsInFlight: 0, backoff: 0, acknowledged: 10, sendQueue: 0 },
    };
    expect(at({})).toEqual(['info']);
    expect(at({ sockets: [{ ...socket, peer: '198.51.100.1:443', retransmits: 9 }] })).toEqual(['info']);
    expect(at({ sockets: [{ ...socket, peer: '192.0.2.9:80', retransmits: 1 }] })).toEqual(['critical']);
    expect(at({ paths: [path({ lost: 1 })] })).toEqual(['critical']);
    expect(at({ paths: [path({ tries: [connected(1), connected(1003)] })] })).toEqual(['critical']);
    expect(retransmits.judge(facts({ grew, isHost: true }))[0]?.summary).toBe(
      '500 of 1000 TCP data segments were sent again during the run: 50.0 % of all programs of the machine, and none that is known to be of this run.',
    );
  });

  it.each([
    { needless: 0, severities: ['warning'] },
    { needless: 9, severities: ['warning'] },
    { needless: 10, severities: ['info'] },
    { needless: 30, severities: ['info'] },
  ])('of 20 that were sent again, the other side had $needless: $severities', ({ needless, severities }) => {
    const grew = {
      'Tcp.RetransSegs': 20,
      'TcpExt.TCPOrigDataSent': 1000,
      'TcpExt.TCPSynRetrans': 0,
      'TcpExt.TCPDSACKRecv': needless,
    };
    const found = retransmits.judge(facts({ grew }));
    expect(found.map((f) => f.severity)).toEqual(severities);
    expect(/DSACK/.test(found[0]?.summary ?? '')).toBe(severities[0] === 'info');
  });

  it('judges what grew, not what was there', () => {
    const before = {
      'Tcp.RetransSegs': 900_000,
      'TcpExt.TCPOrigDataSent': 1_000_000,
      'TcpExt.TCPSynRetrans': 0,
    };
    const after = { ...before, 'TcpExt.TCPOrigDataSent': 1_001_000 };
    expect(retransmits.judge({ ...facts(), counters: { before, after, quotes: [] } })).toEqual([]);
  });

  it.each(['Tcp.RetransSegs', 'TcpExt.TCPOrigDataSent'])('is silent where %s is not known', (name) => {
    const { counters, ...rest } = facts({ grew: { 'Tcp.RetransSegs': 500, 'TcpExt.TCPOrigDataSent': 1000 } });
    const { [name]: _gone, ...before } = counters.before;
    expect(retransmits.judge({ ...rest, counters: { ...counters, before } })).toEqual([]);
  });

  it('quotes the counters that decided', () => {
    expect(judge(60, 1000)[0]?.evidence.map((e) => e.excerpt)).toEqual([
      'Tcp RetransSegs 1000 before, 1060 after\nTcpExt TCPSynRetrans 1000 before, 1000 after\nTcpExt TCPOrigDataSent 1000 before, 2000 after',
    ]);
  });

  it('is raised for segments that were really dropped', () => {
    const { evidence, input } = runRecording('retransmits');
    const { status, findings } = judgeLatency(evidence, input);
    expect(status).toBe('fail');
    expect(findings).toMatchObject([{ id: 'NT-LAT-003', severity: 'critical' }]);
  });
});
