import { advice, nettools, TARGET } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { BURST_LIMIT, isMoreThanBurst } from '../../shared/burst.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { InterfacesFacts } from '../facts.ts';

const meta = {
  id: 'NT-IF-003',
  title: "The cloud's limit for the machine was exceeded",
  severities: ['warning', 'info'],
  meaning:
    'The provider limits what a machine of this size may send and receive: bandwidth, packets a second, tracked connections, requests to link-local services such as its name server. Traffic above the limit is queued or dropped outside the machine, where no other counter sees it: latency and loss for every pod of the node.',
  rule: `A counter of the interface's driver whose name ends in _allowance_exceeded grew during the run (ethtool -S); those of bandwidth and packets a second by ${BURST_LIMIT}, the interface's packets. Fewer of these are one burst: info.`,
  source:
    'AWS documentation, "Monitor network performance for ENA settings on your EC2 instance": bw_in, bw_out, pps, conntrack and linklocal_allowance_exceeded',
  remedy: advice`See who uses it up (${nettools`run ${TARGET} -- ss -tin`}, and the pods of the node by bytes), spread those pods, or take a larger machine type. For linklocal_allowance_exceeded, cache names on the node (NodeLocal DNSCache); for conntrack_allowance_exceeded, reuse connections.`,
} as const;

const LIMITS: Readonly<Record<string, string>> = {
  bw_in_allowance_exceeded: 'bandwidth in',
  bw_out_allowance_exceeded: 'bandwidth out',
  pps_allowance_exceeded: 'packets a second',
  conntrack_allowance_exceeded: 'tracked connections',
  linklocal_allowance_exceeded: 'packets a second to link-local services (DNS, metadata, time)',
};

/** Limits of a rate, which any burst exceeds for an instant. */
const RATES = /^(bw_in|bw_out|pps)_/;

export const allowance: Rule<InterfacesFacts> = {
  meta,
  judge: ({ hardware: { before, after }, results, traffic }) =>
    after.flatMap(({ name, counters }): Occurrence[] => {
      const then = before.find((nic) => nic.name === name)?.counters;
      const grown = [...counters].flatMap(([counter, now]) => {
        const was = then?.get(counter);
        if (!counter.endsWith('_allowance_exceeded') || was === undefined || now <= was) return [];
        return [{ counter, was, now }];
      });
      if (grown.length === 0) return [];
      const own = traffic.find((t) => t.name === name);
      const packets = own === undefined ? 0 : own.received.packets + own.sent.packets;
      const isPattern = grown.some(
        ({ counter, was, now }) => !RATES.test(counter) || isMoreThanBurst(now - was, packets),
      );
      const what = grown.map(
        ({ counter, was, now }) => `${LIMITS[counter] ?? counter} (${now - was} packets)`,
      );
      const excerpt = grown.map(({ counter, was, now }) => `${name} ${counter}: ${was} before, ${now} after`);
      return [
        occurrence(
          meta,
          isPattern ? 'warning' : 'info',
          `${name} exceeded the provider's limit for ${what.join(', ')} during the run: those packets were queued or dropped outside of the machine${isPattern ? '' : '; it may be one burst, measure again'}.`,
          results.hardware ? [{ command: ['ethtool', '-S', name], excerpt: excerpt.join('\n') }] : [],
        ),
      ];
    }),
};
