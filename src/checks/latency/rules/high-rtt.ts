import { type Advice, advice, kubectl, nettools } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import type { Quote } from '../../../model/report.ts';
import { formatMs, quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { least } from '../../shared/statistics.ts';
import { answeredMs, judgedRtt, type LatencyFacts, type PathFacts } from '../facts.ts';
import { MEASURE_LONGER } from '../longer.ts';

const meta = {
  id: 'NT-LAT-001',
  title: 'High round-trip time',
  severities: ['warning', 'info'],
  meaning:
    'Packets to this destination and back take far longer than the network needs. Either the path is long (another zone or region, a tunnel, a relay) or something on it queues.',
  rule: 'p95 of the RTT of at least 20 answers, and 5 of them, are above 3 times the baseline and above 10 ms. The baseline is the lowest RTT seen in the run: among all destinations inside the cluster for those, on the same path for others. --baseline, --rtt-factor and --rtt-floor set them. A loopback address is never high. Info where only the tail is slow (the median is not) and its answers came in one or two spells, which is how a CPU that is busy for a moment looks, or the share of slow answers is not above the share of the run in which some task of the node waited for a CPU: that delays packets and probes alike. What a TCP probe itself waited for a CPU is not counted.',
  source:
    'ours: no authority names a limit for a cluster network; 10 ms is ten times what two zones of one region need. CPU: Documentation/accounting/psi.rst',
  remedy: advice`See where the time is added: run the same check from a pod on the node of the destination (${nettools`latency pod/NAME --to …`}). Compare the nodes' load and zones (${kubectl`get nodes -L topology.kubernetes.io/zone`}).`,
  remedyOutside:
    'See where the time is added: mtr ADDRESS shows it hop by hop. Compare with another machine on the same link.',
} as const;

/** Of fewer answers the p95 is the slowest one, and one packet that met a busy CPU proves nothing. */
const MIN_ANSWERS = 20;

/** A CPU that is busy for a moment delays a few probes in a row; what is slow is so more often. */
const MIN_SLOW = 5;

/** What is slow again and again has its slow answers among fast ones; fewer spells than this are a moment or two. */
const MIN_SPELLS = 3;

/** The lowest RTT, measured the same way, that this path can be compared with, in ms. */
function baseline(facts: LatencyFacts, path: PathFacts, by: 'icmp' | 'tcp'): number | undefined {
  if (facts.thresholds.baselineMs !== undefined) return facts.thresholds.baselineMs;
  const comparable = path.destination.inCluster ? facts.paths.filter((p) => p.destination.inCluster) : [path];
  return least(comparable.flatMap((p) => p.rtts[by]?.min ?? []));
}

function judge(facts: LatencyFacts, path: PathFacts): Occurrence[] {
  // Nothing lies between a host and itself (a resolver on 127.0.0.53, say): what takes time there is the CPU.
  if (path.address !== undefined && isLoopbackAddress(path.address)) return [];
  const rtt = judgedRtt(path);
  const low = rtt && baseline(facts, path, rtt.by);
  if (!rtt || low === undefined || rtt.distribution.count < MIN_ANSWERS) return [];
  const { p95, median } = rtt.distribution;
  const limit = Math.max(facts.thresholds.rttFactor * low, facts.thresholds.rttFloorMs);
  const isSlow = answeredMs(path)[rtt.by].map((ms) => ms > limit);
  if (p95 <= limit || isSlow.filter(Boolean).length < MIN_SLOW) return [];
  const how = rtt.by === 'icmp' ? 'ICMP' : 'TCP connect';
  const { service } = path.destination;
  const share =
    service?.part === 'endpoint' ? `, and ${service.label} sends it a share of its connections` : '';
  const excuse = median <= limit ? excuseOf(facts, isSlow) : undefined;
  return [
    occurrence(
      meta,
      excuse ? 'info' : 'warning',
      `${path.destination.label} (${path.address}) answers in ${formatMs(median)} (median), p95 ${formatMs(p95)} by ${how}: ${Math.round(p95 / low)} times the baseline of ${formatMs(low)}${share}${excuse ? `; ${excuse.why}` : ''}.`,
      [
        ...(rtt.by === 'icmp'
          ? quote(path.results.icmp, /min\/avg\/max|time=/, 2)
          : quote(path.results.tcp, /^(ok|failed) /, 3)),
        ...(excuse?.evidence ?? []),
      ],
      { subject: path.destination.label, ...(excuse ? { remediation: excuse.remedy } : {}) },
    ),
  ];
}

/** What other than the way may have made the tail of a distribution slow. */
interface Excuse {
  readonly why: string;
  readonly evidence: readonly Quote[];
  readonly remedy: Advice;
}

/** @param isSlow of each answer, in order */
function excuseOf({ cpuPressure }: LatencyFacts, isSlow: readonly boolean[]): Excuse | undefined {
  const { value: pressure = 0, quotes } = cpuPressure;
  // What waits for a CPU at random times finds it taken in that share of its tries.
  if (pressure >= isSlow.filter(Boolean).length / isSlow.length) {
    return {
      why: `some task of the node waited for a CPU in ${Math.round(pressure * 100)} % of the time, which delays packets and probes alike`,
      evidence: quotes.flatMap((result) => quote(result, /^some /, 1)),
      remedy: advice`See what takes the node's CPUs (${kubectl`top node`}, ${kubectl`top pod -A`}), and measure again.`,
    };
  }
  const spells = isSlow.filter((is, at) => is && !isSlow[at - 1]).length;
  if (spells >= MIN_SPELLS) return undefined;
  return {
    why: `the ${isSlow.filter(Boolean).length} slow answers came ${spells === 1 ? 'one after the other' : 'in two spells'}, as when a CPU on the way is busy for a moment`,
    evidence: [],
    remedy: MEASURE_LONGER,
  };
}

function isLoopbackAddress(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

export const highRtt: Rule<LatencyFacts> = {
  meta,
  judge: (facts) => {
    const found = facts.paths
      .map((path) => ({ path, findings: judge(facts, path) }))
      .filter(({ findings }) => findings.length > 0);
    // A Service is as slow as the endpoints behind it: where one of them is named, the Service is no story of its own.
    const explained = new Set(
      found.flatMap(({ path: { destination } }) =>
        destination.service?.part === 'endpoint' ? [destination.service.label] : [],
      ),
    );
    return found.flatMap(({ path: { destination }, findings }) =>
      destination.service?.part === 'virtual' && explained.has(destination.service.label) ? [] : findings,
    );
  },
};
