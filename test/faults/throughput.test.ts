/** Faults of the throughput check, each made for real and named by the built binary. */
import { beforeAll, describe, expect, test } from 'vitest';
import { nettools, startNettools } from '../e2e/support/cli.ts';
import { pod, testNamespace } from '../e2e/support/cluster.ts';
import { appears, disappears, pidsOf } from '../e2e/support/processes.ts';
import { checkReport, expectFirst, expectSilence } from './named.ts';
import { RATE_LIMIT } from './path-faults.ts';
import { type PodNetns, podNetns, withFault } from './pod-netns.ts';

const ns = testNamespace('f-throughput');
let client: PodNetns;

beforeAll(async () => {
  await ns.start(pod('client', { spec: { nodeName: 'node1' } }), pod('far', { spec: { nodeName: 'node2' } }));
  client = await podNetns(ns.name, 'client');
});

const SHORT = ['--to', 'pod/far', '--duration', '2s'];
const throughput = (...args: string[]) => checkReport('throughput', ['client', '-n', ns.name, ...args]);
const SERVER = ['iperf3', '-s', '-1', '-p', '5201', '--forceflush'];

describe('a rate limit', () => {
  test('below half of what is expected', async () => {
    const report = await withFault(client, RATE_LIMIT, () => throughput(...SHORT, '--expect', '1G'));
    expectFirst(report, {
      id: 'NT-PERF-001',
      severity: 'warning',
      says: /To pod\/far one TCP connection gets [1-5]\d\.\d Mbit\/s, [1-5] % of the 1\.0 Gbit\/s expected by --expect/,
    });
  });

  test('that is expected', async () => {
    expectSilence(await withFault(client, RATE_LIMIT, () => throughput(...SHORT, '--expect', '50M')));
  });
});

describe('without a fault', () => {
  test('the rate is told, and not judged where no speed is known', async () => {
    const report = await throughput(...SHORT);
    expectSilence(report);
    expect(report.verdict).toBe('pass');
    expect(report.checks[0]?.summary).toMatch(
      /carries to pod\/far [\d.]+ [MG]bit\/s; the link speed is not known here/,
    );
    expect(report.checks[0]?.measurements).toMatchObject({
      destinations: [{ name: 'pod/far', port: '5201', device: 'eth0', expectedBitsPerSecond: null }],
    });
  });

  test('in the other direction', async () => {
    const report = await throughput(...SHORT, '--reverse', '--expect', '100M');
    expectSilence(report);
    expect(report.checks[0]?.summary).toMatch(/carries from pod\/far/);
  });
});

describe('the server', () => {
  test('is gone after the test', async () => {
    await throughput(...SHORT);
    await disappears(60, ...SERVER);
  });

  test('is gone when the client is interrupted', async () => {
    const { child, outcome } = startNettools([
      ...['throughput', 'client', '-n', ns.name, '--to', 'pod/far', '--duration', '30s'],
    ]);
    await appears(...SERVER);
    child.kill('SIGINT');
    expect((await outcome).code).toBe(130);
    await disappears(60, ...SERVER);
  });

  test('is not started where a port is named', async () => {
    const report = await throughput('--to', 'pod/far:5999', '--duration', '1s');
    expect(pidsOf(...SERVER)).toEqual([]);
    expect(report.checks[0]).toMatchObject({
      status: 'error',
      summary: expect.stringMatching(/Connection refused/),
    });
  });

  test('cannot run in an image without iperf3, and the report says so', async () => {
    const { code, stdout } = await nettools([
      ...['throughput', 'client', '-n', ns.name, '--image', 'localhost/app:1', ...SHORT, '-o', 'json'],
    ]);
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: 'unknown',
      checks: [{ summary: 'pod/far could not be measured: its session has no iperf3.' }],
    });
  });
});
