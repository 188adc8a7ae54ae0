import type { Finding, Quote } from '../../../model/report.ts';
import { formatMs, linesOf, quote } from '../../quote.ts';
import { occurrence, type Rule } from '../../rule.ts';
import { byEndpoint } from '../../service-story.ts';
import { carriesFullSegments, type MtuFacts, type MtuPath, narrow } from '../facts.ts';

const meta = {
  id: 'NT-MTU-001',
  title: 'MTU black hole: large packets vanish, and nobody says so',
  severities: ['critical'],
  meaning:
    'A hop on this path takes smaller packets than the target sends, and the ICMP message that should tell it so (type 3 code 4, or ICMPv6 "packet too big") does not arrive. Connections open and then hang as soon as one side sends much: TLS handshakes, uploads and large answers stall, small requests work.',
  rule: 'Echo requests of full size with DF are lost (at least 5 of 5) while smaller ones are answered, and no ICMP about it arrives, unless TCP segments of full size get through; or a TCP connection gets small segments through and none of full size, with its retransmission timer backing off.',
  source: 'RFC 2923, section 2.1 (TCP problems with path MTU discovery); the limit of 576 bytes: RFC 791',
  remedy:
    'Let ICMP type 3 code 4 pass wherever it is dropped on the way back (security groups, firewalls, NAT gateways), or lower the MTU of the sender. Until then this keeps TCP going: sysctl net.ipv4.tcp_mtu_probing=1 on the sender, or clamp the MSS where packets are forwarded (nft … tcp flags syn tcp option maxseg size set rt mtu).',
  explains: { depth: 950, subject: ['NT-TLS', 'NT-PERF', 'NT-LAT-003', 'NT-LAT-006'] },
} as const;

/** Echo requests of full size vanish, and TCP does not prove that it is only them. */
function byEcho(path: MtuPath): string | undefined {
  const found = narrow(path);
  if (!found || found.announced !== undefined || carriesFullSegments(path)) return undefined;
  return `packets of ${found.allowed} bytes (the MTU of ${found.device}) are lost without a word, and ${found.carries} is the largest size that gets through`;
}

/** A connection whose small segments arrive, and whose full ones do not. */
function byTransfer(path: MtuPath): string | undefined {
  const transfer = path.transfer?.value;
  const socket = transfer?.socket;
  if (transfer?.outcome !== 'stalled' || !socket) return undefined;
  const isEchoFull = path.icmp.value?.pathMtu !== undefined && narrow(path) === undefined;
  // The handshake alone counts one byte.
  const isSmallThrough = socket.acknowledged > 1 || socket.selectivelyAcknowledged > 0;
  if (isEchoFull || !isSmallThrough) return undefined;
  return `a connection got small segments through, but none of ${socket.mss} bytes: ${socket.outstanding} are outstanding after ${socket.retransmits} retransmissions, at an rtt of only ${formatMs(socket.rtt)}`;
}

function isBlackHole(path: MtuPath): boolean {
  return byEcho(path) !== undefined || byTransfer(path) !== undefined;
}

function evidence(path: MtuPath): Quote[] {
  return [
    ...(byEcho(path) === undefined ? [] : quote(path.results.icmp, /^(link|bytes|path-mtu) /, 8)),
    ...(byTransfer(path) === undefined ? [] : socketQuote(path)),
  ];
}

/** The deciding fields of the kernel's last view of the socket, which is one very long line. */
function socketQuote({ results: { transfer } }: MtuPath): Quote[] {
  const line = linesOf(transfer).findLast((text) => /\bunacked:\d/.test(text)) ?? '';
  const fields = line.match(/\b(rto|backoff|rtt|mss|pmtu|bytes_acked|unacked|retrans|lost|sacked):\S+/g);
  return transfer && fields ? [{ command: transfer.command, excerpt: fields.join(' ') }] : [];
}

function judge(path: MtuPath, behind: readonly MtuPath[]): Finding {
  const { destination } = path;
  const ways = [byEcho(path), byTransfer(path)].filter((text) => text !== undefined);
  const more =
    behind.length === 0
      ? ''
      : `; the same holds for what lies behind it (${behind.map((p) => p.destination.label).join(', ')})`;
  return occurrence(
    meta,
    'critical',
    `On the way to ${destination.label} (${address(path)}) ${ways.join('; ')}${more}.`,
    evidence(path),
    { subject: destination.label, ...remedyFor(path) },
  );
}

/** On the target's own link no router is asked: both ends of it have to have one MTU. */
function remedyFor(path: MtuPath): { readonly remediation?: string } {
  const found = narrow(path);
  if (path.destination.role !== 'gateway' || !found) return {};
  return {
    remediation: `The two ends of ${found.device}'s own link differ: set the MTU of the host's end to ${found.allowed}, or the network plugin's MTU to ${found.carries} at most, and restart the pods.`,
  };
}

function address(path: MtuPath): string {
  return path.icmp.value?.address ?? path.transfer?.value?.address ?? path.destination.host;
}

export const blackHole: Rule<MtuFacts> = {
  meta,
  judge: ({ paths }) => {
    const holes = paths.filter(isBlackHole);
    const gateway = holes.find((path) => path.destination.role === 'gateway');
    if (!gateway)
      return byEndpoint(
        holes.map((path) => ({ destination: path.destination, findings: [judge(path, [])] })),
      );
    const behind = holes.filter((path) => path !== gateway);
    return [judge(gateway, behind)];
  },
};
