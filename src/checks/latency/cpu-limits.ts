/** Whether CPU limits stop the applications at both ends of a way: what is read of them, and what comes of it. Pure. */
import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import type { Json } from '../../model/report.ts';
import { CPU_STAT_FILES, type CpuStat, parseCpuStat } from '../../parsers/cpu-stat.ts';
import { read } from '../shared/measured.ts';

/** A container with a CPU limit, of the target or of a pod that is asked for. */
export interface LimitedContainer {
  /** Letters and digits: begins the ids of what is read of it. */
  readonly id: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** As the pod has it: `250m`. */
  readonly limit: string;
  /** The labels of the destinations that its pod may answer at; absent: it is the target's own. */
  readonly answers?: readonly string[];
  /** Why its counters are not read, or could not be; ends a sentence. */
  readonly unread?: string;
}

/** The command that prints its counters, and how reports show it. */
export const READ_CPU = { command: ['cat', ...CPU_STAT_FILES], display: ['cat', 'cpu.stat'] } as const;
/** So long nothing is sent to it before it is looked at once more: ten periods of the kernel's default (100 ms). */
export const REST_MS = 1000;

/** Where the third reading is of any use: there is a sign that its limit matters. */
export function isStoppedAtAll(first: ProbeResult, second: ProbeResult): boolean {
  const window = windowBetween(first, second);
  return window !== undefined && (window.throttled > 0 || (window.usedShare ?? 0) >= BUSY_SHARE);
}

/** Our own load may keep a container below its limit, where its pod's, the sum of all, is spent first. */
const BUSY_SHARE = 0.5;

/** How often it was stopped between two readings. */
export interface CpuWindow {
  /** Periods that have passed, and those of them in which the quota was spent; without the time that reading took. */
  readonly periods: number;
  readonly throttled: number;
  readonly periodMs: number;
  /** For so much of each second, in ms, its own limit stopped it. */
  readonly ownMs: number;
  /** The same by limits of its pod too; `undefined`: the kernel does not tell. */
  readonly allMs: number | undefined;
  /** How much of its limit it has used: 0 to 1 and a little. */
  readonly usedShare: number | undefined;
  /** Without probes of ours. */
  readonly isQuiet: boolean;
  readonly results: readonly [ProbeResult, ProbeResult];
}

/** What was read of one container. */
export interface LimitedFacts extends LimitedContainer {
  /** In the order of time; empty where it could not be read. */
  readonly windows: readonly CpuWindow[];
}

export function limitedFacts(evidence: Evidence, limited: readonly LimitedContainer[]): LimitedFacts[] {
  return limited.map((one) => {
    const [first, second, third] = ['first', 'second', 'third'].map((when) => evidence[`${one.id}-${when}`]);
    const windows = [windowBetween(first, second), windowBetween(second, third)];
    return {
      ...one,
      windows: windows.flatMap((window, at) =>
        window === undefined ? [] : [{ ...window, isQuiet: at === 1 }],
      ),
    };
  });
}

/** Of fewer periods no share is told. */
const LEAST_PERIODS = 5;

/**
 * The start of the program that reads is charged to the container and may spend its quota: the periods in which the later
 * one was on its way count for nothing.
 */
function windowBetween(
  first: ProbeResult | undefined,
  second: ProbeResult | undefined,
): Omit<CpuWindow, 'isQuiet'> | undefined {
  const [from, to] = [statOf(first), statOf(second)];
  if (first === undefined || second === undefined || from === undefined || to === undefined) return undefined;
  const { quotaUs, periodUs } = to;
  if (quotaUs === undefined || to.throttled < from.throttled) return undefined;
  const all = Math.round((to.atUs - from.atUs) / periodUs);
  const reading = Math.ceil((second.durationMs * 1000) / periodUs);
  const periods = all - reading;
  if (periods < LEAST_PERIODS) return undefined;
  const grown = to.throttled - from.throttled;
  const throttled = Math.min(periods, Math.max(0, grown - reading));
  const perSecond = (us: number): number => (us * 1000) / (periods * periodUs);
  const own = grown === 0 ? 0 : ((to.throttledUs - from.throttledUs) * throttled) / grown;
  const stopped = difference(from.stoppedUs, to.stoppedUs);
  const used = difference(from.usedUs, to.usedUs);
  // The kernel adds up its CPUs. Even on all of them at once what it has used takes a part of the time.
  const mostMs = 1000 * (1 - Math.min(1, (used ?? 0) / (all * periodUs) / to.cpus));
  return {
    periods,
    throttled,
    periodMs: periodUs / 1000,
    // No more is gone of a second than the periods that it was stopped in.
    ownMs: Math.min(mostMs, perSecond(own), (1000 * throttled) / periods),
    allMs:
      stopped === undefined
        ? undefined
        : Math.min(mostMs, perSecond(Math.max(0, stopped - reading * periodUs))),
    usedShare: used === undefined ? undefined : used / (all * quotaUs),
    results: [first, second],
  };
}

function difference(from: number | undefined, to: number | undefined): number | undefined {
  return from === undefined || to === undefined ? undefined : Math.max(0, to - from);
}

function statOf(result: ProbeResult | undefined): CpuStat | undefined {
  return result === undefined ? undefined : read(result, 'cat', parseCpuStat).value;
}

/** A quarter of the periods: the alert CPUThrottlingHigh of kubernetes-mixin. */
const LEAST_SHARE = 0.25;
/** A tenth of the time (ours). */
const LEAST_STOPPED_MS = 100;
/** Who uses so much of the limit on the average spends it in most periods (ours). */
const SPENT_SHARE = 0.9;

/** How a limit makes answers slow. */
export interface Harm {
  readonly window: CpuWindow;
  /** For so much of each second it was stopped, in ms; `undefined`: it spends its limit, and the kernel does not tell. */
  readonly stoppedMs: number | undefined;
  /** It is its pod's limit, which others spend. */
  readonly isOfPod: boolean;
}

/**
 * In the window in which it was stopped most. While probes of ours are in its pod or ask it, its own limit alone counts,
 * of which they take nothing in another container.
 */
export function harmIn(windows: readonly CpuWindow[]): Harm | undefined {
  return windows
    .flatMap((window): Harm[] => {
      const { throttled, periods, ownMs, allMs = 0, usedShare = 1, isQuiet } = window;
      const stoppedMs = isQuiet ? Math.max(ownMs, allMs) : ownMs;
      const isOften = throttled > LEAST_SHARE * periods || (isQuiet && stoppedMs > LEAST_SHARE * 1000);
      if (isOften && stoppedMs >= LEAST_STOPPED_MS)
        return [{ window, stoppedMs, isOfPod: throttled === 0 && usedShare < BUSY_SHARE }];
      const isSpent = isQuiet && window.allMs === undefined && (window.usedShare ?? 0) >= SPENT_SHARE;
      return isSpent ? [{ window, stoppedMs: undefined, isOfPod: false }] : [];
    })
    .sort((a, b) => (b.stoppedMs ?? 0) - (a.stoppedMs ?? 0))[0];
}

/** As measurements. */
export function limitedJson(limited: readonly LimitedFacts[]): Json {
  return limited.map(({ namespace, pod, container, limit, answers, unread, windows }) => ({
    namespace,
    pod,
    container,
    limit,
    isTarget: answers === undefined,
    ...(unread === undefined ? {} : { unread }),
    windows: windows.map(({ results: _, ownMs, allMs, usedShare, ...counted }) => ({
      ...counted,
      stoppedMsPerSecond: Math.round(ownMs),
      ...(allMs === undefined ? {} : { stoppedWithPodMsPerSecond: Math.round(allMs) }),
      ...(usedShare === undefined ? {} : { usedPercent: Math.round(usedShare * 100) }),
    })),
  }));
}
