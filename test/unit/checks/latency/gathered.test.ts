import { describe, expect, it } from 'vitest';
import { latencyFacts } from '../../../../src/checks/latency/gathered.ts';
import { result, thresholds } from './build.ts';

const cpu = (avg10: number, waitedSeconds: number, uptime: number) =>
  `some avg10=${avg10.toFixed(2)} avg60=1.00 avg300=1.00 total=${waitedSeconds * 1e6}\n` +
  `full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n${uptime.toFixed(2)} 9.00\n`;

describe('the pressure on the CPU', () => {
  const of = (before: string | undefined, after: string | undefined) =>
    latencyFacts(
      {
        ...(before === undefined ? {} : { 'cpu-before': result('cpu-before', before) }),
        ...(after === undefined ? {} : { cpu: result('cpu', after) }),
      },
      { destinations: [], thresholds },
    ).cpuPressure;

  it('is that of the run, where the average of ten seconds lags behind it', () => {
    const { value, quotes } = of(cpu(10, 100, 50), cpu(20, 103, 54));
    expect(value).toBeCloseTo(0.75);
    expect(quotes.map(({ id }) => id)).toEqual(['cpu-before', 'cpu']);
  });

  it('is that of the ten seconds, where they were worse', () => {
    expect(of(cpu(80, 100, 50), cpu(70, 100.4, 54)).value).toBeCloseTo(0.7);
  });

  it('is that of the ten seconds in a bundle that has no reading before the run', () => {
    expect(of(undefined, 'some avg10=20.00 avg60=1.00 avg300=1.00 total=5\n').value).toBeCloseTo(0.2);
  });

  it('is that of the ten seconds where no time was read, or none has passed', () => {
    const noTime = 'some avg10=20.00 avg60=1.00 avg300=1.00 total=900000000\n';
    expect(of(cpu(10, 100, 50), noTime).value).toBeCloseTo(0.2);
    expect(of(cpu(10, 100, 50), cpu(20, 900, 50)).value).toBeCloseTo(0.2);
  });

  it('is never more than all of the time', () => {
    expect(of(cpu(10, 100, 50), cpu(20, 102.01, 52)).value).toBe(1);
  });

  it('is not known where the kernel does not tell', () => {
    expect(of('50.00 9.00\n', '54.00 9.00\n').value).toBeUndefined();
    expect(of(undefined, undefined)).toEqual({ value: undefined, quotes: [] });
  });
});
