import { advice, verbatim } from '../../../model/advice.ts';
import { formatMs, quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { NOT_ITS_SIZE, stallsWhenSmall } from '../../shared/small-segments.ts';
import type { LatencyFacts } from '../facts.ts';

const meta = {
  id: 'NT-LAT-006',
  title: 'Slow server, fast network',
  severities: ['warning'],
  meaning:
    'The connection is made quickly, but the first byte of the answer comes late: the time is spent in the server, or in what it waits for, and not on the network. Where no byte came at all, the answer may also have been lost on its way back.',
  rule: 'From the ready connection to the first byte, or to the end of the request without one, it takes at least 1 s (--slow-server) and 10 times as long as the connect.',
  source: 'ours',
  remedy:
    'Look at the server: its load, its own calls to others, its thread or connection pools. The network is not the cause.',
} as const;

/** Without a byte of the answer the network is not acquitted: a large answer may get lost where small packets pass. */
const NO_BYTE_REMEDY = advice`See in the log of the server whether it answered. If it did, the answer is lost on its way back, as large packets are where the MTU is wrong: ${verbatim`kubectl nettools mtu`} from the server's side. If it did not, look at its load and its own calls to others.`;

const FACTOR = 10;

export const slowServer: Rule<LatencyFacts> = {
  meta,
  judge: ({ paths, thresholds }) =>
    paths.flatMap((path) => {
      const timing = path.http?.value;
      // One that ended the connection has a finding of its own (NT-HTTP-001).
      if (!timing || path.brokenOff !== undefined) return [];
      const waited = (timing.firstByteMs ?? timing.totalMs) - timing.readyMs;
      if (waited < thresholds.slowServerMs || waited < FACTOR * timing.connectMs) return [];
      return [
        occurrence(
          meta,
          'warning',
          `${path.destination.url} connected in ${formatMs(timing.connectMs)}, but ${timing.firstByteMs === null ? `no byte of an answer came in ${formatMs(waited)}: the server is silent, or its answer gets lost on the way back${stallsWhenSmall(path.small) ? `; ${NOT_ITS_SIZE}` : ''}` : `its first byte took another ${formatMs(waited)} (HTTP ${timing.status})`}.`,
          quote(path.results.http, /./, 1),
          {
            subject: path.destination.label,
            ...(timing.firstByteMs === null ? { remediation: NO_BYTE_REMEDY } : {}),
          },
        ),
      ];
    }),
};
