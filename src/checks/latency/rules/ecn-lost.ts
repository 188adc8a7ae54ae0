import { advice, verbatim } from '../../../model/advice.ts';
import { socketAddress } from '../../../model/socket-address.ts';
import { growth } from '../../../parsers/proc-net.ts';
import { formatMs, quote, quoteCounters } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { least, most } from '../../shared/statistics.ts';
import type { LatencyFacts, PathFacts } from '../facts.ts';

const meta = {
  id: 'NT-LAT-008',
  title: 'Each connection is made by its second packet, which does not ask for ECN',
  severities: ['warning'],
  meaning:
    'The target asks for explicit congestion notification (ECN) when it connects, which is not the default: two flags are set in its first SYN. A firewall or a TCP stack on the way, or the destination, drops such packets. The kernel sends the second SYN, a second later, without these flags (tcp_ecn_fallback), and that one gets through: each connection to this destination takes a second longer, and those of systems that do not ask for ECN do not.',
  rule: 'net.ipv4.tcp_ecn of the target is 1, 3 or 4, and of at least three connections to a destination each one was made after 900 ms to 2 s, by a SYN that was sent again (TCPSynRetrans grew by as many), while no echo request to it was lost. Chance and a full queue take some connections, not all of them, and not in the same way.',
  source:
    'RFC 3168, 6.1.1.1; Linux: Documentation/networking/ip-sysctl.rst (tcp_ecn, tcp_ecn_fallback); systemd/systemd#9748',
  remedy: advice`To see that this is it, and as the cure where the device cannot be changed, do not ask for ECN:\n${verbatim`sysctl -w net.ipv4.tcp_ecn=2`}\nin the network namespace of the target (docker run --sysctl, a pod's securityContext.sysctls, /etc/sysctl.d of a host). Then find what drops SYN packets with the flags ECE and CWR: a rule for "invalid TCP flags" of a firewall, an old device.`,
  explains: { depth: 986, subject: ['NT-LAT-005'] },
} as const;

/** As NT-LAT-005, and before a third SYN is sent, 3 s after the first. */
const SLOW_MS = 900;
const MOST_MS = 2000;
/** Of fewer, chance is no smaller than what is claimed. Ours. */
const LEAST_TRIES = 3;

/** The times of all connections, where each needed its second packet. */
function secondPackets({ tcp, icmp }: PathFacts): readonly number[] | undefined {
  const tries = tcp.value?.tries ?? [];
  const times = tries.flatMap(({ outcome, ms }) => (outcome === 'connected' ? [ms] : []));
  const pings = icmp.value;
  if (pings !== undefined && pings.received < pings.sent) return undefined;
  return times.length >= LEAST_TRIES &&
    times.length === tries.length &&
    times.every((ms) => ms >= SLOW_MS && ms < MOST_MS)
    ? times
    : undefined;
}

export const ecnLost: Rule<LatencyFacts> = {
  meta,
  judge: ({ counters, paths, asksForEcn }) => {
    const again = growth(counters.before, counters.after, 'TcpExt.TCPSynRetrans');
    if (asksForEcn === undefined || again === undefined) return [];
    return paths.flatMap((path) => {
      const times = secondPackets(path);
      if (times === undefined || again < times.length) return [];
      const { destination, address, port, results } = path;
      return [
        occurrence(
          meta,
          'warning',
          `Each of ${times.length} connections to ${destination.label} (${socketAddress(address ?? destination.host, port)}) was made by its second SYN, after ${formatMs(least(times) ?? 0)} to ${formatMs(most(times) ?? 0)}: the first asks for ECN (net.ipv4.tcp_ecn is ${asksForEcn.value} here), the second does not.`,
          [
            ...quote(asksForEcn.result, /\d/, 1),
            ...quote(results.tcp, /^ok /, 3),
            ...quoteCounters(counters.quotes, counters.before, counters.after, ['TcpExt.TCPSynRetrans']),
          ],
          { subject: destination.label },
        ),
      ];
    });
  },
};
