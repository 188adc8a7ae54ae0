import { expect, it } from 'vitest';
import { nettools } from './support/cli.ts';
import { pod, testNamespace } from './support/cluster.ts';

const ns = testNamespace('cold');
/** New pods; the number for the record is 100. */
const RUNS = Number(process.env['NETTOOLS_COLD_RUNS'] || 15);
/** So many pods exist at the same moment. */
const BATCH = 5;

it(
  `the output of a cold run is complete and its exit code right, ${RUNS} times out of ${RUNS}`,
  async () => {
    const seconds: number[] = [];
    const wrong: string[] = [];
    for (let first = 0; first < RUNS; first += BATCH) {
      const names = Array.from({ length: Math.min(BATCH, RUNS - first) }, (_, i) => `cold-${first + i}`);
      await ns.start(...names.map((name) => pod(name)));
      for (const name of names) {
        const code = seconds.length % 256;
        const script = `ip -br addr; echo END; exit ${code}`;
        const outcome = await nettools(['run', '-n', ns.name, name, '--', 'sh', '-c', script]);
        const address = (await ns.pod(name)).status.podIP ?? 'no address';
        const [lo = '', eth = '', ...end] = outcome.stdout.split('\n');
        const isComplete =
          lo.startsWith('lo ') &&
          eth.startsWith('eth0') &&
          eth.includes(` ${address}/`) &&
          end.join('|') === 'END|';
        if (!isComplete || outcome.code !== code || outcome.stderr !== '') {
          wrong.push(`${name}: ${JSON.stringify({ expected: code, ...outcome, bytes: undefined })}`);
        }
        expect(await ns.ephemerals(name)).toHaveLength(1);
        seconds.push(outcome.seconds);
      }
      await ns.kubectl(['delete', 'pod', ...names, '--wait=false']);
    }
    expect(wrong).toEqual([]);
    const sorted = seconds.toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1]?.toFixed(2);
    console.log(
      `cold runs: ${RUNS} of ${RUNS} complete; median ${at(0.5)} s, p95 ${at(0.95)} s, slowest ${at(1)} s`,
    );
  },
  60_000 + RUNS * 10_000,
);
