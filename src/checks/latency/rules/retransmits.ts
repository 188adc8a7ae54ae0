import { advice, nettools, TARGET } from '../../../model/advice.ts';
import { socketAddress } from '../../../model/socket-address.ts';
import { growth } from '../../../parsers/proc-net.ts';
import type { TcpSocket } from '../../../parsers/ss.ts';
import { quoteCounters } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { LatencyFacts } from '../facts.ts';
import { MEASURE_LONGER } from '../longer.ts';
import { SYN_AGAIN_MS } from './loss.ts';

const meta = {
  id: 'NT-LAT-003',
  title: 'TCP retransmits',
  severities: ['warning', 'critical', 'info'],
  meaning:
    "The connections of this network namespace, the application's own among them, had to send data again while the check ran. Data or acknowledgements are lost on the way.",
  rule: 'RetransSegs, less the SYNs among them (TCPSynRetrans), grew by more than 1 % (--retransmit-warning) or 5 % (critical, --retransmit-critical) of what TCPOrigDataSent grew by, with at least 100 data segments sent in the run; less is too little to judge. Info where it is fewer than three segments, which may be chance; where those that the other side had not already (TCPDSACKRecv) are not more than that: an acknowledgement that comes late, as from a busy machine, makes the kernel send again what was not lost; and in the network of a machine, whose programs talk to anybody, where no probe of the run was lost and no connection to its destinations sent anything again.',
  source:
    'the counters: kernel snmp_counter.rst, TCPOrigDataSent and TCPDSACKRecv; RFC 2883; the limits: ours',
  remedy: advice`See which connections suffer: ${nettools`run ${TARGET} -- ss -ti state established`} shows retrans for each. Loss to one peer alone points at its node, loss to all at this node's interface.`,
} as const;

const MIN_SEGMENTS = 100;
/** One answer that comes late makes the kernel send again once or twice (a tail loss probe, then the time-out). */
const MIN_AGAIN = 3;

/** Whether something of the run's own suffers too: the counters of a machine are of whatever its programs talk to. */
function isOfRun({ paths, sockets }: LatencyFacts): boolean {
  const places = new Set(
    paths.flatMap(({ address, port }) => (address === undefined ? [] : [socketAddress(address, port)])),
  );
  const isOwn = ({ peer, retransmits: again, state }: TcpSocket): boolean =>
    again > 0 && state !== 'SYN-SENT' && places.has(peer);
  return (
    (sockets.value ?? []).some(isOwn) ||
    paths.some(
      ({ icmp, tcp }) =>
        (icmp.value !== undefined && icmp.value.received > 0 && icmp.value.received < icmp.value.sent) ||
        (tcp.value?.tries.some(({ outcome }) => outcome === 'connected') === true &&
          tcp.value.tries.some(({ outcome, ms }) => outcome === 'unanswered' || ms >= SYN_AGAIN_MS)),
    )
  );
}

const OF_MACHINE = advice`Nothing shows that the ways of this run lose anything. ${nettools`run ${TARGET} -- ss -ti state established`} shows retrans for each connection of the machine.`;

function why(isChance: boolean, isNeedless: boolean, needless: number): string {
  if (isNeedless)
    return `; the other side had ${needless} of them already (DSACK): its acknowledgements came late, and hardly any was lost`;
  return isChance ? '; so few may be chance' : '';
}

export const retransmits: Rule<LatencyFacts> = {
  meta,
  judge: (facts) => {
    const { counters, thresholds, isHost } = facts;
    const { before, after, quotes } = counters;
    const segments = growth(before, after, 'Tcp.RetransSegs');
    const sent = growth(before, after, 'TcpExt.TCPOrigDataSent');
    if (segments === undefined || sent === undefined || sent < MIN_SEGMENTS) return [];
    // TCPOrigDataSent counts no SYN, and the SYNs of the check's own probes are no data of the application.
    const again = segments - (growth(before, after, 'TcpExt.TCPSynRetrans') ?? 0);
    const share = again / sent;
    const { retransmitWarning, retransmitCritical } = thresholds;
    const limit = Math.min(retransmitWarning, retransmitCritical);
    if (share <= limit) return [];
    const needless = growth(before, after, 'TcpExt.TCPDSACKRecv') ?? 0;
    const isNeedless = needless > 0 && ((again - needless) / sent <= limit || again - needless < MIN_AGAIN);
    const isChance = again < MIN_AGAIN || isNeedless;
    const isOfOthers = isHost && !isOfRun(facts);
    const severe = share > retransmitCritical ? 'critical' : 'warning';
    const words = isOfOthers
      ? ' of all programs of the machine, and none that is known to be of this run'
      : why(isChance, isNeedless, needless);
    return [
      occurrence(
        meta,
        isChance || isOfOthers ? 'info' : severe,
        `${again} of ${sent} TCP data segments were sent again during the run: ${(share * 100).toFixed(1)} %${words}.`,
        quoteCounters(quotes, before, after, [
          'Tcp.RetransSegs',
          'TcpExt.TCPSynRetrans',
          'TcpExt.TCPOrigDataSent',
          ...(isNeedless ? ['TcpExt.TCPDSACKRecv'] : []),
        ]),
        isOfOthers ? { remediation: OF_MACHINE } : isChance ? { remediation: MEASURE_LONGER } : {},
      ),
    ];
  },
};
