import { describe, expect, it } from 'vitest';
import type { LatencyInput } from '../../../../src/checks/latency/facts.ts';
import { judgeLatency } from '../../../../src/checks/latency/judge.ts';
import type { Evidence } from '../../../../src/model/evidence.ts';
import type { Json } from '../../../../src/model/report.ts';
import { recording, runRecording } from '../../../recordings/recordings.ts';
import { destination, result, thresholds } from './build.ts';

const recorded = (name: string) => {
  const { evidence, input } = runRecording(name);
  return judgeLatency(evidence, input);
};
const input = (...destinations: LatencyInput['destinations']): LatencyInput => ({
  destinations,
  count: 10,
  intervalMs: 50,
  thresholds,
});
const member = (value: Json | undefined, ...path: readonly (string | number)[]): Json | undefined =>
  path.reduce<Json | undefined>((at, key) => (at as Record<string | number, Json> | undefined)?.[key], value);

describe('judgeLatency', () => {
  it('passes a healthy run and says how slow the slowest was', () => {
    const { status, summary, findings } = recorded('healthy');
    expect({ status, findings }).toEqual({ status: 'pass', findings: [] });
    expect(summary).toMatch(
      /^4 of 4 destinations answered, the slowest with a p95 of [\d.]+ ms \(10 probes to each in [\d.]+ s\)\.$/,
    );
  });

  it('measures every destination both ways', () => {
    const { measurements } = recorded('healthy');
    expect(measurements).toMatchObject({
      histogramMs: { from: expect.any(Number), to: expect.any(Number) },
      tcp: {
        retransmittedSegments: expect.any(Number),
        dataSegments: expect.any(Number),
        synRetransmits: expect.any(Number),
      },
      privileges: { uid: 0 },
    });
    expect(member(measurements['destinations'], 0)).toMatchObject({
      name: 'gateway',
      role: 'gateway',
      icmp: { via: 'raw socket', sent: 10, lossPercent: 0, rttMs: { count: 10 } },
      tcp: {
        port: '9',
        tries: 10,
        connected: 0,
        refused: 10,
        unanswered: 0,
        failed: 0,
        connectMs: { count: 10 },
      },
    });
    // Placeholders are filled in as they were on the target.
    expect(member(measurements['destinations'], 2)).toMatchObject({
      name: 'apiserver',
      address: '198.19.0.1',
      tcp: { port: '443', connected: 10 },
    });
  });

  it('has histograms that hold every answer', () => {
    const { measurements } = recorded('healthy');
    for (const at of [0, 1, 2, 3]) {
      const counts = member(measurements['destinations'], at, 'tcp', 'histogram') as number[];
      expect(counts).toHaveLength(16);
      expect(counts.reduce((sum, n) => sum + n, 0)).toBe(10);
    }
  });

  it('passes a run without capabilities and tells how ICMP was measured', () => {
    const { status, measurements } = recorded('restricted');
    expect(status).toBe('pass');
    expect(member(measurements['destinations'], 0, 'icmp', 'via')).toBe('ping socket');
    expect(measurements['privileges']).toEqual({ uid: 65532, capabilities: [] });
  });

  it('tells what an image with busybox alone could not measure, each reason once', () => {
    const { findings } = recorded('busybox');
    expect(findings.map((f) => [f.id, f.severity, f.summary])).toEqual([
      [
        'NT-SYS-001',
        'info',
        'TCP to gateway, TCP to dns, TCP to apiserver: the image has no bash, which times the connections.',
      ],
      ['NT-SYS-001', 'info', 'socket round trips (NT-LAT-004): the image has no ss.'],
      ['NT-SYS-001', 'info', "queue backlogs (NT-LAT-004): the image's tc prints no JSON (iproute2 does)."],
    ]);
  });

  it('gives the same twice, and from evidence that has been saved', () => {
    const { evidence, input } = runRecording('slow-connect');
    const first = JSON.stringify(judgeLatency(evidence, input));
    expect(JSON.stringify(judgeLatency(evidence, input))).toBe(first);
    expect(
      JSON.stringify(judgeLatency(JSON.parse(JSON.stringify(evidence)), JSON.parse(JSON.stringify(input)))),
    ).toBe(first);
  });

  it('is an error without any evidence, and not a pass', () => {
    const { status, summary, measurements } = judgeLatency({}, input(destination({ role: 'gateway' })));
    expect(status).toBe('error');
    expect(summary).toBe('No destination could be measured.');
    expect(measurements).toMatchObject({ histogramMs: null, tcp: { dataSegments: null }, privileges: null });
  });

  it('is an error when what was asked for could not be measured, whatever the rest came to', () => {
    const { evidence, input: healthy } = runRecording('healthy');
    const asked = destination({ id: 'to9', label: 'absent.example:80' });
    const { status, summary } = judgeLatency(
      {
        ...evidence,
        'to9-icmp': result('to9-icmp', '', { code: 2 }),
        'to9-tcp': result('to9-tcp', 'unresolved\n'),
      },
      { ...healthy, destinations: [...healthy.destinations, asked] },
    );
    expect({ status, summary }).toEqual({
      status: 'error',
      summary: 'absent.example:80 could not be measured: the name does not resolve on the target.',
    });
  });

  it('takes a name that bash could not resolve for not measured, and for no loss', () => {
    const { stdout, code } = recording('tcp-connect-unresolved');
    const evidence: Evidence = { 'to0-tcp': result('to0-tcp', stdout, { code }) };
    const { status, findings } = judgeLatency(evidence, input(destination()));
    expect(status).toBe('error');
    expect(findings.map((f) => f.id)).toEqual(['NT-SYS-001', 'NT-SYS-001']);
  });

  it('is silent about places that the target does not have', () => {
    const none = { status: 'unknown-placeholder' as const };
    const evidence: Evidence = {
      'gateway-icmp': result('gateway-icmp', '', none),
      'gateway-tcp': result('gateway-tcp', '', none),
    };
    const { findings } = judgeLatency(
      evidence,
      input(destination({ id: 'gateway', label: 'gateway', role: 'gateway' })),
    );
    expect(findings.map((f) => f.summary).join()).not.toContain('gateway');
  });

  it('judges as many answers as there are', () => {
    const count = 150_000;
    const ping = `${Array.from({ length: count }, (_, i) => `64 bytes from h: icmp_seq=${i + 1} ttl=64 time=0.${i % 9}1 ms\n`).join('')}\n${count} packets transmitted, ${count} received, 0% packet loss\n`;
    const tries = `address 192.0.2.9\n${'try\nok 900\n'.repeat(count)}`;
    const { status, measurements } = judgeLatency(
      {
        'to0-icmp': result('to0-icmp', ping),
        'to0-tcp': result('to0-tcp', tries, { command: ['tcp-connect', 'h', '80', String(count)] }),
      },
      { ...input(destination()), count },
    );
    expect(status).toBe('pass');
    expect(measurements['histogramMs']).toEqual({ from: 0.01, to: 0.9 });
  });

  it('measures no loss by a ping whose output was cut', () => {
    const { evidence, input: recordedInput } = runRecording('loss');
    const cut = Object.fromEntries(
      Object.entries(evidence).map(([id, one]) => [
        id,
        id.endsWith('-icmp') ? { ...one, stdout: one.stdout.slice(0, -80), code: 153, truncated: true } : one,
      ]),
    );
    const judged = judgeLatency(cut, recordedInput);
    expect(judged.findings.map((f) => f.id)).not.toContain('NT-LAT-002');
    expect(judged.findings.map((f) => f.summary).join('\n')).toMatch(
      /ICMP to .*: the output is longer than the 1 MiB/,
    );
  });

  it('says that sockets are unknown where their list was cut, and counts no part of it', () => {
    const { evidence, input: recordedInput } = runRecording('healthy');
    const sockets = result('sockets', recording('ss-bulk').stdout, { code: 153, truncated: true });
    const { findings, measurements } = judgeLatency({ ...evidence, sockets }, recordedInput);
    expect(findings.map((f) => f.summary).join('\n')).toMatch(
      /socket round trips \(NT-LAT-004\).*: the output is longer than the 1 MiB/,
    );
    expect(member(measurements['sockets'], 'established')).toBeNull();
  });

  it('counts established connections as such', () => {
    const evidence: Evidence = { sockets: result('sockets', recording('ss-bulk').stdout) };
    const { measurements } = judgeLatency(evidence, input(destination()));
    const established = recording('ss-bulk').stdout.match(/^ESTAB/gm)?.length;
    expect(measurements['sockets']).toMatchObject({ established, maxRttMs: expect.any(Number) });
  });

  it('never throws, whatever the tools printed', () => {
    const garbage = [
      '',
      '\n',
      '\u0000\ufffd',
      'x'.repeat(10_000),
      '[null]',
      'NaN NaN NaN NaN NaN',
      '0 packets transmitted, 0 received',
      'ok 5\nfailed x\n',
    ];
    const { evidence, input } = runRecording('slow-server');
    for (const text of garbage) {
      const spoilt = Object.fromEntries(
        Object.entries(evidence).map(([id, r]) => [id, { ...r, stdout: text, stderr: text }]),
      );
      const judgement = judgeLatency(spoilt, input);
      expect(judgement.findings.filter((f) => f.severity !== 'info')).toEqual([]);
      expect(JSON.parse(JSON.stringify(judgement))).toEqual(judgement);
    }
  });
});
