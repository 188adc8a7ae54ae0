import { type Advice, advice, kubectl } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import type { Quote } from '../../../model/report.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { type Harm, harmIn, type LimitedContainer } from '../cpu-limits.ts';
import type { LatencyFacts } from '../facts.ts';

const MEANING =
  'A CPU limit gives a container so much time in each period of 100 ms: 250m is 25 ms. Once that is spent, all of its processes stand still until the period ends. Several threads spend it together, so that a container may be stopped though its usage, as an average, is far below the limit. Requests that meet such a gap wait for tens or hundreds of milliseconds, while the kernel goes on answering pings and taking connections, so that the network looks well.';
const SOURCE =
  'kubernetes-mixin, alert CPUThrottlingHigh: 25 % of the periods; the other shares are ours. The kernel documents the counters in Documentation/scheduler/sched-bwc.rst';

const QUIETLY =
  'or, in that second, limits of its pod too stopped it for more than 250 ms, or it used 90 % of its limit and more where the kernel does not count that (before Linux 6.6). The periods in which the counters were being read do not count.';

export const ownMeta = {
  id: 'NT-SYS-002',
  title: "The target's container is stopped by its CPU limit",
  severities: ['warning'],
  meaning: MEANING,
  rule: `cpu.stat of the container, read in it before the probes and after them, and, where it was stopped or uses half of its limit, once more after a second without probes. Its CPU limit stopped it in more than a quarter of the periods, and for 100 ms and more of each second; ${QUIETLY}`,
  source: SOURCE,
  remedy:
    "Raise the container's CPU limit, or remove it and keep the request, which is its share where CPUs are short (resources.limits.cpu in its Deployment, StatefulSet or DaemonSet). Or let it take less at once: many runtimes start as many threads as the node has CPUs (GOMAXPROCS, worker counts, -XX:ActiveProcessorCount).",
  explains: { depth: 982, target: ['NT-LAT-001', 'NT-LAT-005', 'NT-SOCK-003'] },
} as const;

export const farMeta = {
  id: 'NT-SYS-003',
  title: 'A container of the destination is stopped by its CPU limit',
  severities: ['warning', 'info'],
  meaning: MEANING,
  rule: `cpu.stat of a container of a pod behind a DEST, read as for NT-SYS-002 where the run enters both ends (--both-ends, --deep), by the second without probes alone, so that what our probes cost it is not counted against it: its CPU limit stopped it in more than a quarter of the periods, and for 100 ms and more of each second; ${QUIETLY} Info, once for all of them, where they are not read, and a request took 50 ms and more, and 10 times as long as its connection, to the first byte.`,
  source: SOURCE,
  remedy: ownMeta.remedy,
  explains: { depth: 985, subject: ['NT-LAT-005', 'NT-LAT-006'] },
} as const;

/** Half of a period: what waits for the next one waits about as long. */
const SLOW_MS = 50;
const FACTOR = 10;

export const ownCpuLimit: Rule<LatencyFacts> = {
  meta: ownMeta,
  judge: ({ limited }) =>
    limited.flatMap((one) => {
      const harm = one.answers === undefined ? harmIn(one.windows) : undefined;
      return harm === undefined
        ? []
        : [occurrence(ownMeta, 'warning', sentence(one, harm), quotes(harm), { remediation: remedy(one) })];
    }),
};

export const farCpuLimit: Rule<LatencyFacts> = {
  meta: farMeta,
  judge: ({ limited, paths }) => {
    const far = limited
      .filter(({ answers }) => answers !== undefined)
      .map((one) => ({ one, harm: harmIn(one.windows.filter(({ isQuiet }) => isQuiet)) }));
    const stopped = far.flatMap(({ one, harm }): Occurrence[] => {
      const [subject = ''] = one.answers ?? [];
      const details = { subject, remediation: remedy(one) };
      return harm === undefined
        ? []
        : [occurrence(farMeta, 'warning', sentence(one, harm), quotes(harm), details)];
    });
    const others = far.flatMap(({ one, harm }) => (harm === undefined ? [one] : []));
    return [...stopped, ...slowUnread(others, paths)];
  },
};

/** A URL that had to wait. */
interface Slow {
  readonly path: LatencyFacts['paths'][number];
  readonly waited: number;
}

/** Their counters would decide, and could not be had: that is said once, whatever number of them and of URLs there is. */
function slowUnread(limited: readonly LimitedContainer[], paths: LatencyFacts['paths']): Occurrence[] {
  const unread = limited.filter((one) => one.unread !== undefined);
  const slow = paths.flatMap((path): Slow[] => {
    const timing = path.http?.value;
    if (!timing || timing.firstByteMs === null || path.brokenOff !== undefined) return [];
    const waited = timing.firstByteMs - timing.readyMs;
    const isAnswered = unread.some(({ answers }) => answers?.includes(path.destination.label));
    return isAnswered && waited >= SLOW_MS && waited >= FACTOR * timing.connectMs ? [{ path, waited }] : [];
  });
  const [worst] = slow.toSorted((a, b) => b.waited - a.waited);
  if (worst === undefined) return [];
  const { destination, results } = worst.path;
  const behind = unread.filter(({ answers }) =>
    slow.some(({ path }) => answers?.includes(path.destination.label)),
  );
  const [first] = behind.filter(({ answers }) => answers?.includes(destination.label));
  if (first === undefined) return [];
  const others = slow.length - 1;
  const and =
    others === 0
      ? ''
      : `, and ${others === 1 ? 'that of another URL' : `those of ${others} other URLs`} at least ${SLOW_MS} ms`;
  const more = behind.length - 1;
  const who =
    more === 0
      ? `${nameOf(first)} has a CPU limit (${first.limit}), and whether that stops it`
      : `${nameOf(first)} (${first.limit}) and ${more === 1 ? 'another one' : `${more} others`} of those that answer there have CPU limits, and whether these stop them`;
  return [
    occurrence(
      farMeta,
      'info',
      `The first byte of ${destination.url} took ${Math.round(worst.waited)} ms${and}: ${who} is not known (${first.unread}).`,
      quote(results.http, /./, 1),
      {
        subject: destination.label,
        remediation: advice`Its counters decide: nr_throttled and throttled_usec (cgroup v1: throttled_time) before and after some slow requests. Where they grow, the limit is too low.\n${readBy(first)}`,
      },
    ),
  ];
}

const nameOf = ({ container, pod }: LimitedContainer): string => `container ${container} of pod ${pod}`;

function sentence(one: LimitedContainer, { window, stoppedMs, isOfPod }: Harm): string {
  const { periods, throttled, periodMs, usedShare, isQuiet } = window;
  const when = isQuiet ? 'while the probes sent nothing' : 'during the run';
  const name = `C${nameOf(one).slice(1)}`;
  const millis = Math.round(periodMs);
  if (stoppedMs === undefined)
    return `${name} spends its CPU limit (${one.limit}): ${Math.round((usedShare ?? 0) * 100)} % of it ${when}; whoever does so stands still until the end of most periods of ${millis} ms.`;
  const whose = isOfPod ? 'the CPU limit of its pod' : `its CPU limit (${one.limit})`;
  // The pod's own limit is the sum of its containers', and may be spent first: that does not count as one of its periods.
  const counted =
    throttled * 1000 < stoppedMs * periods ? '' : `, in ${throttled} of ${periods} periods of ${millis} ms`;
  return `${name} was stopped by ${whose} for up to ${Math.round(stoppedMs)} ms of each second${counted} ${when}.`;
}

function quotes({ window: { results } }: Harm): Quote[] {
  return results.flatMap((result) => quote(result, /^(nr_throttled|throttled_(usec|time)) /, 3));
}

function readBy({ namespace, pod, container }: LimitedContainer) {
  return kubectl`exec ${pod} -n ${namespace} -c ${container} -- sh -c ${'cat /sys/fs/cgroup/cpu.stat || cat /sys/fs/cgroup/cpu/cpu.stat'}`;
}

function remedy(one: LimitedContainer): Advice {
  return advice`${ownMeta.remedy} The counters tell whether it helps: nr_throttled stays as it is.\n${readBy(one)}`;
}
