import { type Advice, advice, NODE, nettools, verbatim } from '../../../model/advice.ts';
import type { CutAnswer, HttpTiming } from '../../../parsers/curl.ts';
import { formatMs, quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { NOT_ITS_SIZE, type SmallSegments, stallsWhenSmall, wayBackOf } from '../../shared/small-segments.ts';
import type { LatencyFacts } from '../facts.ts';

const meta = {
  id: 'NT-HTTP-003',
  title: 'The answer begins, and does not come to its end',
  severities: ['critical'],
  meaning:
    'The status line arrived and the body did not, or not all of it: clients hang or fail in the middle of the answer. Where it stalls, small packets pass and full ones may be lost on the way back (MTU), or the server or a proxy before it hangs. Where it is cut, the server or a proxy ended the connection: a crash, a limit of size or time, or a restart.',
  rule: 'The HTTP status came, and curl ends with code 18 (fewer bytes than announced), 56 (connection reset), or 28 after 10 s with fewer bytes than announced, and fewer than 64 KiB. An answer without a length may be a stream: that it did not end is listed as not measured.',
  source: 'curl(1), EXIT CODES; RFC 9112, section 8',
  remedy: advice`See in the log of the server, and of each proxy before it, whether the answer was sent to its end. If it was, it is lost on its way back, as large packets are where the MTU is wrong: ${verbatim`kubectl nettools mtu`} from the server's side.`,
} as const;

/** Of a connection that is translated on its way, a node may be who makes the client reset it (NT-CT-007). */
const RESET_ADVICE = advice`${meta.remedy} Where log and proxies tell of no end, and DEST is a Service, a NodePort or a published port, the node may have let pass a segment untranslated that connection tracking calls invalid; the client answers that with a reset, and the server ends the connection. While transfers fail, see whether it counts such packets:\n${nettools`conntrack ${NODE}`}`;

export const cutAnswer: Rule<LatencyFacts> = {
  meta,
  judge: ({ paths }) =>
    paths.flatMap(({ destination: { url, label, inCluster }, http, results, cutAnswer, small }) =>
      cutAnswer === undefined || http?.value === undefined
        ? []
        : [
            occurrence(
              meta,
              'critical',
              `${url} answers with HTTP ${http.value.status}, and ${endText(cutAnswer, http.value, small)}.`,
              quote(results.http, /./, 2),
              {
                subject: label,
                ...remedyFor(cutAnswer, inCluster, small),
              },
            ),
          ],
    ),
};

/** The server is who stops: nothing of the network is left to look at. */
const OF_SERVER =
  'See in the log of the server, and of each proxy before it, where it stops: what it waits for itself (a disk, a database, a server behind it), or a limit on the rate or size of answers.';

function remedyFor(
  cut: CutAnswer,
  inCluster: boolean,
  small: SmallSegments | undefined,
): { readonly remediation?: Advice } {
  if (cut.how === 'reset' && inCluster) return { remediation: RESET_ADVICE };
  return cut.how === 'stalled' && stallsWhenSmall(small, cut.received) ? { remediation: OF_SERVER } : {};
}

/** Of a body of more than one full packet, less than one came: the least that a link of IPv6 carries (RFC 8200, 5). */
const FULL_PACKET = 1280;

function smallText(
  { received, expected }: Extract<CutAnswer, { how: 'stalled' }>,
  small: SmallSegments | undefined,
): string {
  if (stallsWhenSmall(small, received))
    return `; ${NOT_ITS_SIZE}, and the server or a proxy before it stops there`;
  if (wayBackOf(small) !== undefined) return '';
  return received < FULL_PACKET && expected - received > FULL_PACKET
    ? '. What fits into a small packet came, and nothing that fills a large one, as where these are lost on the way back (the MTU of the way from the server to here); or the server stopped there'
    : '';
}

function endText(
  cut: CutAnswer,
  { totalMs, firstByteMs }: HttpTiming,
  small: SmallSegments | undefined,
): string {
  const after = formatMs(totalMs - (firstByteMs ?? 0));
  if (cut.how === 'stalled')
    return `the answer stalls: ${cut.received} of ${cut.expected} bytes came in the ${after} after its first byte${smallText(cut, small)}`;
  return `the connection is ${cut.how} ${after} after the first byte, before the answer is whole`;
}
