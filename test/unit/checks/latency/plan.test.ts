import { describe, expect, it } from 'vitest';
import { planLatency } from '../../../../src/checks/latency/plan.ts';
import { PROBE_SCRIPTS } from '../../../../src/probes/scripts.ts';
import { destination, thresholds } from './build.ts';

const input = (
  count: number,
  intervalMs: number,
  ...destinations: readonly ReturnType<typeof destination>[]
) => ({
  destinations,
  count,
  intervalMs,
  thresholds,
});

describe('planLatency', () => {
  it('takes counters before and after the probes, and looks at queues meanwhile', () => {
    const { before, probe, after } = planLatency(input(50, 100, destination()), PROBE_SCRIPTS);
    expect([before, probe, after].map((stage) => stage.map((c) => c.id))).toEqual([
      ['status', 'counters-before', 'cpu-before', 'ecn'],
      ['to0-icmp', 'to0-tcp', 'sockets', 'qdiscs'],
      ['counters-after', 'cpu'],
    ]);
  });

  it('asks for the way to three destinations, which a lossy gateway may be on', () => {
    const asked = ['to0', 'to1', 'to2', 'to3'].map((id) => destination({ id }));
    const gateway = destination({ id: 'gateway', role: 'gateway' });
    const hops = (...to: readonly ReturnType<typeof destination>[]) =>
      planLatency(input(1, 1, ...to), PROBE_SCRIPTS).probe.flatMap(({ id }) =>
        id.endsWith('-hop') ? [id] : [],
      );
    expect(hops(gateway, ...asked)).toEqual(['to0-hop', 'to1-hop', 'to2-hop']);
    expect(hops(...asked)).toEqual([]);
  });

  it('has ids that are unique', () => {
    const destinations = ['to0', 'to1', 'gateway'].map((id) => destination({ id, url: 'http://192.0.2.1/' }));
    const { before, probe, after } = planLatency(input(1, 1, ...destinations), PROBE_SCRIPTS);
    const ids = [...before, ...probe, ...after].map((c) => c.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('times a request only where it was asked for, and never lets curl read the URL as an option', () => {
    const { probe } = planLatency(input(1, 1, destination({ url: 'http://192.0.2.1/x' })), PROBE_SCRIPTS);
    expect(probe.find((c) => c.id === 'to0-http')?.argv.slice(-2)).toEqual(['--', 'http://192.0.2.1/x']);
  });

  it.each([
    { count: 50, intervalMs: 100, seconds: 11 },
    { count: 1, intervalMs: 1, seconds: 7 },
    { count: 15, intervalMs: 100, seconds: 8 },
  ])('gives $count probes every $intervalMs ms $seconds s', ({ count, intervalMs, seconds }) => {
    const { probe } = planLatency(input(count, intervalMs, destination()), PROBE_SCRIPTS);
    for (const command of probe) expect(command.timeoutSeconds).toBe(seconds);
    const [icmp, tcp] = probe;
    // Both scripts are told to end before they are ended.
    expect(Number(icmp?.argv.at(-1))).toBeLessThan(seconds);
    expect(Number(tcp?.argv.at(-1))).toBeLessThan(seconds * 1000);
  });

  it('carries user input as words, and no part of it in a script', () => {
    const host = '$(reboot)';
    const { probe } = planLatency(input(1, 1, destination({ host })), PROBE_SCRIPTS);
    for (const { id, argv } of probe.slice(0, 2)) {
      expect(
        argv.filter((word) => word.includes(host)),
        id,
      ).toEqual([host]);
      expect([PROBE_SCRIPTS.ping, PROBE_SCRIPTS.tcpConnect]).toContain(argv[2]);
    }
  });
});
