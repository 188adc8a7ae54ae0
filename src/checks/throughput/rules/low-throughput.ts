import { advice, nettools, TARGET } from '../../../model/advice.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { expectedOf, formatRate, type ThroughputFacts, type ThroughputPath } from '../facts.ts';

const meta = {
  id: 'NT-PERF-001',
  title: 'Throughput is far below what the link can carry',
  severities: ['warning'],
  meaning:
    'A single TCP connection gets less than half of the rate that this path should have. Loss, a rate limit, a queue, an encrypting overlay or a busy CPU holds it back.',
  rule: "iperf3's receiver got less than 50 % (--throughput-share) of the expected rate: --expect, or the pod's bandwidth annotation, or the speed of the target's interface where it is a real one.",
  source: 'ours',
  remedy: advice`Retransmissions mean loss or a full queue: run the latency check at the same time. None, and a low rate: look for a rate limit (${nettools`run ${TARGET} -- tc -s qdisc`}, and the annotations kubernetes.io/ingress-bandwidth and egress-bandwidth) and for CPUs that are busy with encryption. One connection uses one CPU: compare with several (iperf3 -P 4).`,
} as const;

function causes({ run: { value } }: ThroughputPath): string {
  const words = [
    ...(value?.retransmits === undefined ? [] : [`${value.retransmits} segments sent again`]),
    ...(value?.rttMs === undefined ? [] : [`an rtt of ${value.rttMs.toFixed(1)} ms under load`]),
  ];
  return words.length > 0 ? `, with ${words.join(' and ')}` : '';
}

export const lowThroughput: Rule<ThroughputFacts> = {
  meta,
  judge: ({ paths, input }) =>
    paths.flatMap((path) => {
      const expected = expectedOf(path, input);
      const run = path.run.value;
      if (!run || !expected || run.bitsPerSecond >= input.share * expected.bitsPerSecond) return [];
      const { label } = path.destination;
      const way = input.reverse ? `From ${label}` : `To ${label}`;
      const percent = Math.floor((run.bitsPerSecond / expected.bitsPerSecond) * 100);
      const excerpt = `sum_received bits_per_second ${Math.round(run.bitsPerSecond)} in ${run.seconds.toFixed(1)} s; sum_sent retransmits ${run.retransmits ?? 'unknown'}`;
      return [
        occurrence(
          meta,
          'warning',
          `${way} one TCP connection gets ${formatRate(run.bitsPerSecond)}, ${percent} % of the ${formatRate(expected.bitsPerSecond)} expected by ${expected.by}${causes(path)}.`,
          [{ command: path.results.run?.command ?? [], excerpt }],
          { subject: label },
        ),
      ];
    }),
};
