import type { Finding } from '../../../model/report.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { LatencyFacts, LatencyThresholds, PathFacts } from '../facts.ts';
import { MEASURE_LONGER } from '../longer.ts';

const meta = {
  id: 'NT-LAT-002',
  title: 'Packet loss',
  severities: ['warning', 'critical', 'info'],
  meaning:
    'Probes to this destination, or their answers, are dropped on the way. Every lost packet costs a TCP connection at least a retransmission time-out of 200 ms, a lost first packet a full second.',
  rule: 'At least 1 % (--loss-warning) or 5 % (critical, --loss-critical) of at least 50 probes are not answered, while others are; info where it is one probe in all the run, which may be chance. A destination that was asked for and answers nothing at all, by ICMP or by TCP, is a loss of 100 % (critical).',
  source:
    'ours: TCP throughput falls with the square root of the loss (RFC 3649, section 1), and 1 % already costs most of it',
  remedy:
    "Find the hop: compare with a pod on the same node as the destination, and look at the interfaces' drops on both nodes (ip -s link). If nothing answers at all, check that the address is right and that no NetworkPolicy or firewall drops it.",
  // Retransmissions are counted for all destinations together.
  explains: {
    depth: 1000,
    target: ['NT-LAT-003'],
    subject: ['NT-LAT-001', 'NT-LAT-003', 'NT-LAT-005', 'NT-PERF'],
  },
  remedyOutside:
    "Find the hop: mtr ADDRESS, and look at the interfaces' drops at both ends (ip -s link). If nothing answers at all, check that the address is right and that no firewall drops it.",
} as const;

/** Of fewer, one that is lost would be more than 2 %. */
export const MIN_PROBES = 50;

/** How many echo requests were lost; nothing at all answered by ICMP is a filter, not loss, when TCP gets through. */
function lostOf({ icmp: { value: icmp } }: PathFacts): number {
  return icmp && icmp.received > 0 ? icmp.sent - icmp.received : 0;
}

function partialLoss(
  path: PathFacts,
  { lossWarning, lossCritical }: LatencyThresholds,
  isChance: boolean,
): Finding[] {
  const icmp = path.icmp.value;
  if (!icmp || icmp.sent < MIN_PROBES || lostOf(path) === 0) return [];
  const share = 1 - icmp.received / icmp.sent;
  if (share < Math.min(lossWarning, lossCritical)) return [];
  return [
    occurrence(
      meta,
      isChance ? 'info' : share >= lossCritical ? 'critical' : 'warning',
      `${lostOf(path)} of ${icmp.sent} echo requests to ${path.destination.label} (${path.address}) got no answer: ${(share * 100).toFixed(0)} % loss${isChance ? '; once may be chance' : ''}.`,
      quote(path.results.icmp, /packets transmitted|^From /, 3),
      { subject: path.destination.label, ...(isChance ? { remediation: MEASURE_LONGER } : {}) },
    ),
  ];
}

function totalLoss(path: PathFacts): Finding[] {
  const tries = path.tcp.value?.tries ?? [];
  const tcpSilent =
    tries.length > 0 && tries.every((t) => t.outcome === 'unanswered' || t.outcome === 'error');
  const icmpSilent = path.icmp.value === undefined || path.icmp.value.received === 0;
  if (path.destination.role !== 'asked' || !tcpSilent || !icmpSilent) return [];
  const error = tries.find((t) => t.error)?.error;
  return [
    occurrence(
      meta,
      'critical',
      `${path.destination.label} (${path.address}) does not answer at all: ${error ? `connecting fails with "${error}"` : `no connection to port ${path.port}`}${path.icmp.value ? ', and no echo request was answered' : ''}.`,
      [
        ...quote(path.results.tcp, /^(try|ok|failed)|: /, 3),
        ...quote(path.results.icmp, /packets transmitted|^From /, 3),
      ],
      { subject: path.destination.label },
    ),
  ];
}

export const loss: Rule<LatencyFacts> = {
  meta,
  judge: ({ paths, thresholds }) => {
    // One host that is a destination twice, as an endpoint and by its name, is asked once.
    const lossy = paths.filter((path) => lostOf(path) > 0);
    const isChance =
      lossy.every((path) => lostOf(path) === 1) && new Set(lossy.map(({ address }) => address)).size === 1;
    return paths.flatMap((path) => [...partialLoss(path, thresholds, isChance), ...totalLoss(path)]);
  },
};
