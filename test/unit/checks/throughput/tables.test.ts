import { expect, it } from 'vitest';
import { throughputTables } from '../../../../src/checks/throughput/tables.ts';

it('has a row for each destination, with its rate in Mbit/s', () => {
  const destination = { name: 'pod/db', address: '198.18.1.7', port: '5201', expectedBitsPerSecond: 1e9 };
  const measured = { bitsPerSecond: 941_400_000, retransmits: 12, rttMs: 0.26, cpuPercent: 41.7 };
  const destinations = [
    { ...destination, ...measured },
    { ...destination, expectedBitsPerSecond: null, skipped: 'the image has no iperf3' },
  ];
  expect(throughputTables({ destinations })[0]?.rows).toEqual([
    ['pod/db', '198.18.1.7:5201', '941', '1000', '12', '0.3 ms', '42 %'],
    ['pod/db', '198.18.1.7:5201', '-', '-', '-', '-', '-'],
  ]);
});
