/** Numbers and times of a watch as people read them. Pure. */
import type { Outage, SlowNames, Watch, WatchEvent, WatchedDestination, WatchGap } from '../model/watch.ts';

/** A round trip: `0.31 ms`, `12.3 ms`, `1.20 s`. */
export function rttText(ms: number): string {
  if (ms >= 999.5) return `${(ms / 1000).toFixed(2)} s`;
  return `${ms.toFixed(ms >= 99.95 ? 0 : ms >= 9.995 ? 1 : 2)} ms`;
}

/** A stretch of time: `850 ms`, `3.0 s`, `2 min 5 s`, `1 h 12 min`. */
export function lengthText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** The clock time of an RFC 3339 time; with its day where the watch began on another one. */
export function clockText(at: string, startedAt: string): string {
  const [day = '', rest = ''] = at.split('T');
  const time = rest.slice(0, 8);
  return day === startedAt.split('T')[0] ? time : `${day} ${time}`;
}

/** `0 %`, `0.08 %`, `12 %`. */
export function lossText({ sent, missed }: Pick<WatchedDestination, 'sent' | 'missed'>): string {
  if (missed === 0 || sent === 0) return '0 %';
  const percent = (100 * missed) / sent;
  return `${percent >= 10 ? percent.toFixed(0) : percent >= 1 ? percent.toFixed(1) : Math.max(0.01, percent).toFixed(2)} %`;
}

/** An event in one line. Raw. */
export function eventText({ at, text }: WatchEvent, { startedAt }: Pick<Watch, 'startedAt'>): string {
  return `${clockText(at, startedAt)} ${text}`;
}

/** When it was, how long, of what. Raw. */
export function outageText(outage: Outage, { startedAt }: Pick<Watch, 'startedAt'>): string {
  const { number, destination, from, to, durationMs, missed } = outage;
  const until = to === undefined ? 'and it lasts' : `until ${clockText(to, startedAt)}`;
  return `outage ${number}: ${clockText(from, startedAt)} ${until} (${lengthText(durationMs)}), ${destination}: ${missed} missed`;
}

/** When the first name server failed, and of what. Raw. */
export function slowNamesText(
  { from, to }: SlowNames,
  destination: string,
  { startedAt }: Pick<Watch, 'startedAt'>,
): string {
  const until = to === undefined ? 'and it lasts' : `until ${clockText(to, startedAt)}`;
  return `slow names: ${clockText(from, startedAt)} ${until}, ${destination}`;
}

const GAPS: Readonly<Record<WatchGap['reason'], string>> = {
  restarted: 'the far side was gone, and was started anew',
  overwritten: 'what was seen was overwritten, as nobody read it',
  lost: 'the far side was lost',
};

export function gapText({ from, to, reason }: WatchGap, { startedAt }: Pick<Watch, 'startedAt'>): string {
  return `not measured: ${clockText(from, startedAt)} until ${clockText(to, startedAt)}: ${GAPS[reason]}`;
}

/** Probes that are neither passes nor losses; one line for each destination that has some. Raw. */
export function unsentTexts(destinations: readonly WatchedDestination[]): readonly string[] {
  return destinations.flatMap(({ destination, sent, unsent = 0 }) =>
    unsent === 0
      ? []
      : [
          `${destination}: ${unsent} of ${sent + unsent} probes were not sent: the far side got no processor in time`,
        ],
  );
}

/** What the verdict rests on. */
export function verdictText({ outages, verdict, ended, destinations, gaps }: Watch): string {
  const unmeasured = destinations.filter(({ sent }) => sent === 0).length;
  const unsent = destinations.reduce((sum, one) => sum + (one.unsent ?? 0), 0);
  const isSlow = destinations.some(({ slowNames = [] }) => slowNames.length > 0);
  const said =
    outages.length > 0
      ? `${outages.length} ${outages.length === 1 ? 'outage' : 'outages'}`
      : verdict === 'pass'
        ? unsent > 0
          ? 'every probe that was sent was answered'
          : 'every probe was answered'
        : unmeasured > 0
          ? `${unmeasured} of the destinations could not be measured`
          : isSlow
            ? 'no outage, but names are slow'
            : 'no outage, as long as it was watched';
  const cut =
    ended === 'lost'
      ? '; the far side was lost before the end'
      : gaps.length > 0
        ? '; some of the time was not measured'
        : '';
  const late =
    unsent === 0 ? '' : `; ${unsent} ${unsent === 1 ? 'probe was' : 'probes were'} not sent in time`;
  return `${said}${cut}${late}`;
}
