/** A container's CPU limit and how often it was reached: the files of its own cgroup, version 2 or 1, one after the other. Pure. */

/** The time since boot stands before them. What is not there `cat` leaves out. */
export const CPU_STAT_FILES: readonly string[] = [
  '/proc/uptime',
  ...['cpu.max', 'cpu.stat', 'cpu.stat.local'].map((file) => `/sys/fs/cgroup/${file}`),
  ...['cpu.cfs_quota_us', 'cpu.cfs_period_us', 'cpu.stat', 'cpu.stat.local'].map(
    (file) => `/sys/fs/cgroup/cpu/${file}`,
  ),
  '/sys/fs/cgroup/cpuacct/cpuacct.usage',
  '/sys/devices/system/cpu/online',
];

/** Counters since the cgroup was made; times in microseconds. */
export interface CpuStat {
  /** When they were read. */
  readonly atUs: number;
  readonly periodUs: number;
  /** Of each period; `undefined`: no limit is in force. */
  readonly quotaUs: number | undefined;
  /** Periods in which the quota was spent. */
  readonly throttled: number;
  /** For how long its processes were stopped for that: the sum of all CPUs. */
  readonly throttledUs: number;
  /** The same by limits of the pod and of all above it too (cpu.stat.local, since Linux 6.6). */
  readonly stoppedUs: number | undefined;
  /** CPU time that it has taken. */
  readonly usedUs: number | undefined;
  /** Of the node. */
  readonly cpus: number;
}

const NANOSECONDS = 1000;

/** @returns `undefined` where a part is missing that says what the others mean */
export function parseCpuStat(text: string): CpuStat | undefined {
  const lines = text.split('\n');
  const uptime = /^(\d+\.\d+) \d+\.\d+$/.exec(lines[0] ?? '')?.[1];
  const { quota, period, used } = numbersIn(lines.slice(1));
  const throttled = /^nr_throttled (\d+)$/m.exec(text)?.[1];
  const [times, stopped] = [...text.matchAll(/^throttled_(usec|time) (\d+)$/gm)].map(([, unit, value]) =>
    unit === 'usec' ? Number(value) : Math.round(Number(value) / NANOSECONDS),
  );
  if (uptime === undefined || period === undefined || throttled === undefined || times === undefined)
    return undefined;
  return {
    atUs: Math.round(Number(uptime) * 1e6),
    periodUs: period,
    quotaUs: quota,
    throttled: Number(throttled),
    throttledUs: times,
    stoppedUs: stopped,
    usedUs: used,
    cpus: cpusIn(lines),
  };
}

/** `25000 100000` or `max 100000`, and `usage_usec N`, of version 2; a number a line of version 1, of which -1 is no limit. */
function numbersIn(lines: readonly string[]): {
  readonly quota?: number | undefined;
  readonly period?: number | undefined;
  readonly used: number | undefined;
} {
  const both = lines.map((line) => /^(\d+|max) ([1-9]\d*)$/.exec(line)).find((match) => match !== null);
  if (both) {
    const used = lines.map((line) => /^usage_usec (\d+)$/.exec(line)?.[1]).find((one) => one !== undefined);
    return {
      quota: both[1] === 'max' ? undefined : Number(both[1]),
      period: Number(both[2]),
      used: used === undefined ? undefined : Number(used),
    };
  }
  const [quota, period, used] = lines.filter((line) => /^-?\d+$/.test(line)).map(Number);
  return {
    quota: quota === undefined || quota < 0 ? undefined : quota,
    period: period === undefined || period <= 0 ? undefined : period,
    used: used === undefined ? undefined : Math.round(used / NANOSECONDS),
  };
}

/** Of a list such as `0-3,8-11`. */
function cpusIn(lines: readonly string[]): number {
  const list = lines.findLast((line) => /^\d+([-,]\d+)+$/.test(line)) ?? '0';
  return list.split(',').reduce((sum, range) => {
    const [from = 0, to = from] = range.split('-').map(Number);
    return sum + to - from + 1;
  }, 0);
}
