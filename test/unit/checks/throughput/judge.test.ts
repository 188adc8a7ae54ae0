import { describe, expect, it } from 'vitest';
import { formatRate, type ThroughputInput } from '../../../../src/checks/throughput/facts.ts';
import { judgeThroughput } from '../../../../src/checks/throughput/judge.ts';
import type { Judgement } from '../../../../src/model/check.ts';
import { parseIperf } from '../../../../src/parsers/iperf.ts';
import { recording } from '../../../recordings/recordings.ts';
import { destination, evidence, named, result } from '../results.ts';

const limited = recording('iperf-limited').stdout;
const run = parseIperf(limited);
if (typeof run === 'string') throw new Error(run);
const rate = run.bitsPerSecond;

function judged(
  stdout: string,
  link = recording('link-speed-veth').stdout,
  input: Partial<ThroughputInput> = {},
): Judgement {
  return judgeThroughput(evidence({ 'to0-iperf': result(stdout), 'to0-link': result(link) }), {
    destinations: [destination()],
    durationMs: 1000,
    reverse: false,
    share: 0.5,
    ...input,
  });
}

const expecting = (bitsPerSecond: number) =>
  judged(limited, undefined, { expected: { bitsPerSecond, by: '--expect' } });

describe('NT-PERF-001', () => {
  it('is below half of what is expected, and not at half', () => {
    expect(named(expecting(rate * 2))).toEqual([]);
    expect(named(expecting(rate * 2.001))).toEqual(['NT-PERF-001 warning']);
  });

  it('keeps to the share that it is given', () => {
    const of = (share: number) =>
      named(judged(limited, undefined, { share, expected: { bitsPerSecond: rate, by: '--expect' } }));
    expect(of(1)).toEqual([]);
    expect(of(1.01)).toEqual(['NT-PERF-001 warning']);
  });

  it('takes the speed of real hardware where nothing else is said', () => {
    const judgement = judged(limited, 'device eth1\nhardware yes\nspeed 1000\n');
    expect(named(judgement)).toEqual(['NT-PERF-001 warning']);
    expect(judgement.summary).toMatch(/[45] % of the 1\.0 Gbit\/s expected by the speed of eth1/);
  });

  it('judges nothing where no speed is known, and says so', () => {
    const judgement = judged(limited);
    expect(judgement).toMatchObject({ status: 'pass', findings: [{ id: 'NT-SYS-001' }] });
    expect(judgement.summary).toContain('nothing is judged');
  });
});

describe('what could not be measured', () => {
  it('is an error when iperf3 fails', () => {
    expect(judged(recording('iperf-refused').stdout).status).toBe('error');
    expect(judged('').status).toBe('error');
  });

  it('is skipped where the image has no iperf3', () => {
    const missing = result('', { code: 127, stderr: 'nettools-turn: 1: exec: iperf3: not found\n' });
    const judgement = judgeThroughput(evidence({ 'to0-iperf': missing }), {
      destinations: [destination()],
      durationMs: 1000,
      reverse: false,
      share: 0.5,
    });
    expect(judgement.status).toBe('skip');
  });
});

describe('formatRate', () => {
  it.each([
    [999, '999 bit/s'],
    [1000, '1.0 kbit/s'],
    [941_400_000, '941 Mbit/s'],
    [23_410_000_000, '23.4 Gbit/s'],
  ])('%d', (bits, text) => {
    expect(formatRate(bits)).toBe(text);
  });
});
