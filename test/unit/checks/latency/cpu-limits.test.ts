import { describe, expect, it } from 'vitest';
import {
  isStoppedAtAll,
  type LimitedContainer,
  READ_CPU,
} from '../../../../src/checks/latency/cpu-limits.ts';
import type { LatencyInput } from '../../../../src/checks/latency/facts.ts';
import { judgeLatency } from '../../../../src/checks/latency/judge.ts';
import places from '../../../../src/checks/latency/places.ts';
import { adviceText } from '../../../../src/model/advice.ts';
import type { Evidence, ProbeResult } from '../../../../src/model/evidence.ts';
import { named } from '../results.ts';
import { destination, result, thresholds } from './build.ts';

/** What has been counted when it is read, in ms and periods. */
interface Reading {
  readonly at: number;
  readonly throttled: number;
  readonly stopped: number;
  /** By limits of the pod too; absent: an older kernel. */
  readonly all?: number;
  readonly used?: number;
  /** How long it took to read. */
  readonly took?: number;
}

const read = (when: string, { at, throttled, stopped, all, used = 0, took = 90 }: Reading): ProbeResult =>
  result(
    when,
    `${(1000 + at / 1000).toFixed(2)} 5.00\n25000 100000\nusage_usec ${used * 1000}\nnr_periods ${at / 100}\nnr_throttled ${throttled}\nthrottled_usec ${stopped * 1000}\n${all === undefined ? '' : `throttled_usec ${all * 1000}\n`}`,
    { durationMs: took, command: READ_CPU.display },
  );

const OWN: LimitedContainer = { id: 'cpu0', namespace: 'n', pod: 'web', container: 'app', limit: '250m' };
const URL_ASKED = 'http://192.0.2.9:8080/';
const FAR: LimitedContainer = { ...OWN, answers: [URL_ASKED] };

const NOTHING: Reading = { at: 0, throttled: 0, stopped: 0, all: 0 };
const DURING: Reading = { at: 3100, throttled: 31, stopped: 1980, all: 1980, used: 770 };
const QUIETLY: Reading = { at: 4200, throttled: 42, stopped: 2680, all: 2680, used: 1045 };

function judged(
  one: LimitedContainer,
  readings: readonly Reading[],
  http = '200 0.002000 0.000000 0.003000 0.004000\n',
) {
  const input: LatencyInput = {
    destinations: [destination({ label: URL_ASKED, url: URL_ASKED })],
    count: 1,
    intervalMs: 50,
    thresholds,
    limited: [one],
  };
  const evidence: Evidence = Object.fromEntries(
    readings.map((reading, at) => {
      const id = `cpu0-${['first', 'second', 'third'][at]}`;
      return [id, { ...read(id, reading), id }];
    }),
  );
  const tcp = result('to0-tcp', 'address 192.0.2.9\ntry 400000\nok 1200\n');
  return judgeLatency({ ...evidence, 'to0-tcp': tcp, 'to0-http': result('to0-http', http) }, input);
}

describe('NT-SYS-002', () => {
  it('names the container, its limit, and for how long it was stopped', () => {
    const judgement = judged(OWN, [NOTHING, DURING, QUIETLY]);
    expect(named(judgement)).toEqual(['NT-SYS-002 warning']);
    const [finding] = judgement.findings;
    expect(finding?.summary).toBe(
      'Container app of pod web was stopped by its CPU limit (250m) for up to 639 ms of each second, in 30 of 30 periods of 100 ms during the run.',
    );
    expect(finding?.evidence[0]).toEqual({
      command: ['cat', 'cpu.stat'],
      excerpt: 'nr_throttled 0\nthrottled_usec 0\nthrottled_usec 0',
    });
    expect(adviceText(finding?.remediation ?? '')).toContain(
      "kubectl exec web -n n -c app -- sh -c 'cat /sys/fs/cgroup/cpu.stat ||",
    );
    expect(judgement.measurements['cpuLimits']).toMatchObject([{ isTarget: true, limit: '250m' }]);
  });

  it.each<[string, readonly Reading[], readonly string[]]>([
    ['none of it was reached', [NOTHING, { ...DURING, throttled: 0, stopped: 0, all: 0 }], []],
    ['it was, in a fifth of the periods', [NOTHING, { ...DURING, throttled: 6, stopped: 384, all: 384 }], []],
    ['it was, for a few ms', [NOTHING, { ...DURING, throttled: 31, stopped: 200, all: 200 }], []],
    // The program that reads took four periods, and five were spent.
    ['reading it alone did', [NOTHING, { at: 900, throttled: 4, stopped: 360, all: 360, took: 390 }], []],
    // Of a pod's limit that our probes spend too, nothing is said.
    [
      'the pod was stopped during the run',
      [NOTHING, { ...DURING, throttled: 1, stopped: 30, all: 1980 }],
      [],
    ],
    [
      'the pod was stopped without probes',
      [NOTHING, { ...DURING, throttled: 1, stopped: 30 }, { ...QUIETLY, throttled: 2, stopped: 60 }],
      ['NT-SYS-002 warning'],
    ],
    ['one reading is there', [NOTHING], []],
    ['the counters were set back', [DURING, { ...NOTHING, at: 4200 }], []],
  ])('where %s', (_what, readings, expected) => {
    expect(named(judged(OWN, readings))).toEqual(expected);
  });

  it('counts what is used where the kernel does not count what the pod stops', () => {
    const old = (one: Reading): Reading => ({ ...one, throttled: 0, stopped: 0, all: undefined as never });
    const [spent, rest] = [old(DURING), old(QUIETLY)];
    const judgement = judged(OWN, [old(NOTHING), spent, rest]);
    expect(named(judgement)).toEqual(['NT-SYS-002 warning']);
    expect(judgement.findings[0]?.summary).toMatch(
      /^Container app of pod web spends its CPU limit \(250m\): 100 %/,
    );
    expect(named(judged(OWN, [old(NOTHING), spent, { ...rest, used: 970 }]))).toEqual([]);
  });
});

describe('NT-SYS-003', () => {
  it('is judged without our probes alone', () => {
    expect(named(judged(FAR, [NOTHING, DURING]))).toEqual([]);
    const still = { ...DURING, at: 4200, used: 780 };
    expect(named(judged(FAR, [NOTHING, DURING, still]))).toEqual([]);
    const judgement = judged(FAR, [NOTHING, DURING, QUIETLY]);
    expect(named(judgement)).toEqual(['NT-SYS-003 warning']);
    expect(judgement.findings[0]).toMatchObject({ subject: URL_ASKED });
  });

  it('says what would decide where it was not read, and an answer was slow', () => {
    const slow = '200 0.002000 0.000000 0.089000 0.089100\n';
    const unread = { ...FAR, unread: 'you may not' };
    expect(judged(unread, []).findings.map(({ id }) => id)).not.toContain('NT-SYS-003');
    const [finding] = judged(unread, [], slow).findings.filter(({ id }) => id === 'NT-SYS-003');
    expect(finding?.severity).toBe('info');
    expect(finding?.summary).toMatch(
      /took 87 ms: container app of pod web has a CPU limit \(250m\), and whether that stops it is not known \(you may not\)\.$/,
    );
    expect(
      judged(FAR, [NOTHING, { ...DURING, throttled: 0 }], slow).findings.map(({ id }) => id),
    ).not.toContain('NT-SYS-003');
  });

  it('says it once, whatever number of containers and of URLs there is', () => {
    const urls = [80, 81, 82].map((port) => `http://192.0.2.9:${port}/`);
    const limited = urls.map(
      (url, at): LimitedContainer => ({
        ...FAR,
        id: `cpu${at}`,
        pod: `web-${at}`,
        answers: [url],
        unread: 'you may not',
      }),
    );
    const input: LatencyInput = {
      destinations: urls.map((url, at) => destination({ id: `to${at}`, label: url, url })),
      count: 1,
      intervalMs: 50,
      thresholds,
      limited,
    };
    const http = ['0.089000', '0.129000', '0.002500'].map((first, at) => [
      `to${at}-http`,
      result(`to${at}-http`, `200 0.002000 0.000000 ${first} 0.130000\n`),
    ]);
    const found = judgeLatency(Object.fromEntries(http), input).findings.filter(
      ({ id }) => id === 'NT-SYS-003',
    );
    expect(found.map(({ summary, subject }) => [subject, summary])).toEqual([
      [
        urls[1],
        `The first byte of ${urls[1]} took 127 ms, and that of another URL at least 50 ms: container app of pod web-1 (250m) and another one of those that answer there have CPU limits, and whether these stop them is not known (you may not).`,
      ],
    ]);
  });
});

it('is read once more where there is a sign that it matters', () => {
  const worth = (second: Reading) => isStoppedAtAll(read('a', NOTHING), read('b', second));
  expect(worth(DURING)).toBe(true);
  expect(worth({ ...DURING, throttled: 0 })).toBe(true);
  expect(worth({ ...DURING, throttled: 0, used: 300 })).toBe(false);
});

it('keeps why a container could not be read', () => {
  const input = { limited: [OWN] } as unknown as LatencyInput;
  expect(places.plan(input)).toMatchObject([{ where: { kind: 'container', pod: 'web', container: 'app' } }]);
  const failure = { kind: 'error', text: 'forbidden' } as const;
  const { input: told } = places.join(input, [{ id: 'cpu0', evidence: {}, failure, wasReady: false }]);
  expect(told.limited).toMatchObject([{ unread: 'forbidden' }]);
  const first = read('first', NOTHING);
  const { evidence } = places.join(input, [{ id: 'cpu0', evidence: { first }, wasReady: true }]);
  expect(evidence['cpu0-first']).toMatchObject({ id: 'cpu0-first', stdout: first.stdout });
});
