import type { Occurrence } from '../../../model/finding.ts';
import type { Quote } from '../../../model/report.ts';
import { meta } from '../../shared/metas/black-hole.ts';
import { formatMs, linesOf, quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { byEndpoint } from '../../shared/service-story.ts';
import { carriesFullSegments, type MtuFacts, type MtuPath, narrow } from '../facts.ts';

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

function judge(path: MtuPath, behind: readonly MtuPath[]): Occurrence {
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
