import { advice, verbatim } from '../../../model/advice.ts';
import type { CutAnswer, HttpTiming } from '../../../parsers/curl.ts';
import { formatMs, quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
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

export const cutAnswer: Rule<LatencyFacts> = {
  meta,
  judge: ({ paths }) =>
    paths.flatMap(({ destination: { url, label }, http, results, cutAnswer }) =>
      cutAnswer === undefined || http?.value === undefined
        ? []
        : [
            occurrence(
              meta,
              'critical',
              `${url} answers with HTTP ${http.value.status}, and ${endText(cutAnswer, http.value)}.`,
              quote(results.http, /./, 2),
              { subject: label },
            ),
          ],
    ),
};

function endText(cut: CutAnswer, { totalMs, firstByteMs }: HttpTiming): string {
  const after = formatMs(totalMs - (firstByteMs ?? 0));
  if (cut.how === 'stalled')
    return `the answer stalls: ${cut.received} of ${cut.expected} bytes came in the ${after} after its first byte`;
  return `the connection is ${cut.how} ${after} after the first byte, before the answer is whole`;
}
