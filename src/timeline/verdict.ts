/** What a watch comes to. Pure. */
import type { Severity, Verdict } from '../model/report.ts';
import type { Outage, Watch } from '../model/watch.ts';

/** One probe of so many that was not sent leaves a hole (ours): fewer are told, and the others are enough. */
const MOST_UNSENT = 0.1;

/** By the gravest finding; without one never `pass` where something, or some of the time, was not measured. */
export function verdictOfWatch({
  outages,
  destinations,
  gaps,
  ended,
}: Pick<Watch, 'outages' | 'destinations' | 'gaps' | 'ended'>): Verdict {
  const slow = destinations.flatMap(({ slowNames = [] }) => slowNames).flatMap(({ findings }) => findings);
  const severities = [...outages.flatMap(severitiesOf), ...slow.map(({ severity }) => severity)];
  if (severities.includes('critical')) return 'fail';
  if (severities.includes('warning')) return 'warn';
  const isWhole =
    ended !== 'lost' &&
    gaps.length === 0 &&
    destinations.every(
      ({ sent, unsent = 0, unmeasured }) =>
        sent > 0 && unmeasured === undefined && unsent < MOST_UNSENT * (sent + unsent),
    );
  return isWhole ? 'pass' : 'unknown';
}

/** An outage of which nothing is known is the worst. */
function severitiesOf({ findings }: Outage): readonly Severity[] {
  return findings.length === 0 ? ['critical'] : findings.map(({ severity }) => severity);
}
