/** Parses why tcpdump did not start a capture. Pure. */
import { withoutFullStop } from '../model/sentence.ts';

/** What was wrong: the rights, the interface's name, the filter, or something else. */
export interface CaptureComplaint {
  readonly about: 'rights' | 'interface' | 'filter' | 'other';
  /** tcpdump's own words, one line; empty when it said nothing. */
  readonly text: string;
}

/** What tcpdump says on its way to a capture, and about its counts. */
const NO_COMPLAINT =
  /^(?:tcpdump: )?(?:data link type|listening on|verbose output suppressed|WARNING|\d+ packets? |dropped privs)/i;

/** @param stderr all that tcpdump printed */
export function parseCaptureComplaint(stderr: string): CaptureComplaint {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !NO_COMPLAINT.test(line));
  // The second line has the system call that failed, in brackets, which often says no more than the first.
  const [first = '', second = ''] = lines;
  const own = withoutFullStop(first.replace(/^tcpdump: /, ''));
  const text =
    /^\(.*\)$/.test(second) && !second.includes(own.replace(/^.*: /, '')) ? `${own} ${second}` : own;
  return { about: subject(lines.join(' ')), text };
}

function subject(text: string): CaptureComplaint['about'] {
  if (/permission|not permitted|permitted to/i.test(text)) return 'rights';
  if (/no such device|device .*not configured|device is not up|SIOCG/i.test(text)) return 'interface';
  return /filter|syntax|expression|unknown (?:host|port|network|ether|protocol)|illegal|invalid|not supported|only supported/i.test(
    text,
  )
    ? 'filter'
    : 'other';
}
