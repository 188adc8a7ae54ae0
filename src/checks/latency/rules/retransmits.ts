import { advice, nettools, TARGET } from '../../../model/advice.ts';
import { growth } from '../../../parsers/proc-net.ts';
import { quoteCounters } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { LatencyFacts } from '../facts.ts';
import { MEASURE_LONGER } from '../longer.ts';

const meta = {
  id: 'NT-LAT-003',
  title: 'TCP retransmits',
  severities: ['warning', 'critical', 'info'],
  meaning:
    "The connections of this network namespace, the application's own among them, had to send data again while the check ran. Data or acknowledgements are lost on the way.",
  rule: 'RetransSegs, less the SYNs among them (TCPSynRetrans), grew by more than 1 % (--retransmit-warning) or 5 % (critical, --retransmit-critical) of what TCPOrigDataSent grew by, with at least 100 data segments sent in the run; less is too little to judge. Info where it is fewer than three segments, which may be chance.',
  source: 'the counters: kernel snmp_counter.rst, TCPOrigDataSent; the limits: ours',
  remedy: advice`See which connections suffer: ${nettools`run ${TARGET} -- ss -ti state established`} shows retrans for each. Loss to one peer alone points at its node, loss to all at this node's interface.`,
} as const;

const MIN_SEGMENTS = 100;
/** One answer that comes late makes the kernel send again once or twice (a tail loss probe, then the time-out). */
const MIN_AGAIN = 3;

export const retransmits: Rule<LatencyFacts> = {
  meta,
  judge: ({ counters, thresholds }) => {
    const { before, after, quotes } = counters;
    const segments = growth(before, after, 'Tcp.RetransSegs');
    const sent = growth(before, after, 'TcpExt.TCPOrigDataSent');
    if (segments === undefined || sent === undefined || sent < MIN_SEGMENTS) return [];
    // TCPOrigDataSent counts no SYN, and the SYNs of the check's own probes are no data of the application.
    const again = segments - (growth(before, after, 'TcpExt.TCPSynRetrans') ?? 0);
    const share = again / sent;
    const { retransmitWarning, retransmitCritical } = thresholds;
    if (share <= Math.min(retransmitWarning, retransmitCritical)) return [];
    const isChance = again < MIN_AGAIN;
    return [
      occurrence(
        meta,
        isChance ? 'info' : share > retransmitCritical ? 'critical' : 'warning',
        `${again} of ${sent} TCP data segments were sent again during the run: ${(share * 100).toFixed(1)} %${isChance ? '; so few may be chance' : ''}.`,
        quoteCounters(quotes, before, after, [
          'Tcp.RetransSegs',
          'TcpExt.TCPSynRetrans',
          'TcpExt.TCPOrigDataSent',
        ]),
        isChance ? { remediation: MEASURE_LONGER } : {},
      ),
    ];
  },
};
