import { describe, expect, it } from 'vitest';
import { latencyTables } from '../../../../src/checks/latency/tables.ts';
import { LATENCY_MEASUREMENTS } from '../../report/build.ts';

const heads = (measurements: object) =>
  latencyTables(measurements as never)[0]?.columns.map(({ head }) => head) ?? [];

/** By what is in the columns of its destination and of how it was measured. */
const row = (name: string, by: string): readonly string[] => {
  const rows = latencyTables(LATENCY_MEASUREMENTS)[0]?.rows ?? [];
  const from = rows.findIndex((cells) => cells[0] === name);
  return rows.slice(from, from + 2).find((cells) => cells[1] === by) ?? [];
};

describe('latencyTables', () => {
  it('has the times of each destination by ICMP and by TCP, and its name once', () => {
    expect(row('gateway', 'icmp')).toEqual([
      ...['gateway', 'icmp', '198.18.1.1'],
      ...['0.020', '0.040', '0.200', '0.400', '0.400', '0.010'],
      ...['0 %', '█▂▁ '],
    ]);
    expect(row('svc/web', 'tcp/80').slice(0, 9)).toEqual([
      ...['', 'tcp/80', '198.19.0.7'],
      ...['12.3', '24.7', '240', '481', '481', '0.010'],
    ]);
  });

  it('never shows a loss as none', () => {
    expect(row('svc/web', 'tcp/80')[9]).toBe('<1 %');
    expect(row('svc/web', 'icmp (ping socket)')[9]).toBe('no reply');
  });

  it('tells a refusal, which times the way too', () => {
    expect(row('gateway', 'tcp/9').slice(9)).toEqual(['0 %', ' █   refused']);
  });

  it('says what was not measured', () => {
    const nothing = ['', ...Array(7).fill('-'), 'not measured'];
    expect(row('example.com:443', 'icmp').slice(2)).toEqual(nothing);
    expect(row('example.com:443', 'tcp').slice(2)).toEqual(nothing);
  });

  it('has a scale only where there is something to scale', () => {
    expect(heads(LATENCY_MEASUREMENTS).at(-1)).toBe('DISTRIBUTION (0.020 … 481 ms, log)');
    expect(heads({ ...LATENCY_MEASUREMENTS, histogramMs: null }).at(-1)).toBe('DISTRIBUTION');
  });
});
