import type { Occurrence } from '../../../model/finding.ts';
import { allowedMtu } from '../../../parsers/path-mtu.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { type MtuFacts, type MtuPath, narrow } from '../facts.ts';
import { FRAGMENTED_BYTES } from '../plan.ts';

const meta = {
  id: 'NT-MTU-005',
  title: 'Fragments do not get through',
  severities: ['warning'],
  meaning:
    'A datagram that is larger than the MTU travels in fragments, of which only the first one has the ports. Something on the way drops them: a BPF program that does not track fragments (network plugins, load balancers), a firewall, a tunnel. TCP never notices; UDP with large datagrams does: DNS answers with many records, DTLS and IKE handshakes, RADIUS, SIP, SNMP, syslog, video.',
  rule: `Of a DEST inside of the cluster all three echo requests of ${FRAGMENTED_BYTES} bytes get no answer, while packets of the target's full size, which is smaller, do.`,
  source: 'RFC 8900 (IP fragmentation considered fragile); cilium/cilium#8185, projectcalico/calico#8821',
  remedy:
    "Find where they end: tcpdump 'ip[6:2] & 0x3fff != 0' on both nodes. Let the plugin track fragments (Cilium: bpf.fragmentTracking; look for its issues with your version), let firewalls pass them, or keep datagrams below the MTU (EDNS buffer size 1232, the MTU setting of DTLS and VPN servers).",
} as const;

function judge(path: MtuPath): Occurrence[] {
  const { icmp, fragments, destination, results } = path;
  const found = icmp.value;
  const full = found && allowedMtu(found);
  if (!fragments || full === undefined || full >= FRAGMENTED_BYTES || narrow(path) !== undefined) return [];
  if (found?.pathMtu !== full || fragments.sent < 3 || fragments.received > 0) return [];
  return [
    occurrence(
      meta,
      'warning',
      `Packets of ${full} bytes get to ${destination.label} and back, and none of ${fragments.sent} echo requests of ${FRAGMENTED_BYTES} bytes, which travel in fragments: something on the way there or back drops fragments, and so large datagrams.`,
      [...quote(results.fragments, /packets transmitted/, 1), ...quote(results.icmp, /^(link|path-mtu) /, 2)],
      { subject: destination.label },
    ),
  ];
}

export const lostFragments: Rule<MtuFacts> = { meta, judge: ({ paths }) => paths.flatMap(judge) };
