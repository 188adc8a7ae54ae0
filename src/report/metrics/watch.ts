/** A watch as metrics, while it runs or at its end. Pure. */
import type { Finding } from '../../model/report.ts';
import type { Outage, Watch, WatchedDestination } from '../../model/watch.ts';
import { type Buckets, Families, type Labels } from './families.ts';
import { byId, type MetricsOptions, ofRun, targetLabels } from './reports.ts';

/** Each has 21 series. */
const MOST_DESTINATIONS = 50;
/** In seconds: from a loopback to a timeout, three for each power of ten. More would be a series for each and each destination. */
const BOUNDS = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1] as const;

/** Ends with a newline. @param watch as it is by now */
export function renderWatchMetrics(
  watch: Watch,
  options: Pick<MetricsOptions, 'secondsOf' | 'format'>,
): string {
  const { destinations, outages, target, startedAt } = watch;
  const families = new Families();
  ofRun(watch, families, options);
  const own = targetLabels(target);
  families.add('watch_start_timestamp_seconds', own, options.secondsOf(startedAt));
  for (const one of destinations.slice(0, MOST_DESTINATIONS))
    ofDestination(
      one,
      outages.filter(({ destination }) => destination === one.destination),
      own,
      families,
    );
  families.add('watch_destinations_left_out', own, Math.max(0, destinations.length - MOST_DESTINATIONS));
  byId([...outages.flatMap(findingsOf), ...destinations.flatMap(slowFindings)], (labels, count) =>
    families.add('watch_findings', { ...own, ...labels }, count),
  );
  return families.text(options.format);
}

function ofDestination(
  one: WatchedDestination,
  outages: readonly Outage[],
  own: Labels,
  families: Families,
): void {
  const labels = { ...own, destination: one.destination, by: one.probe };
  // What was not asked yet, or could not be, is neither.
  if (one.sent > 0)
    families.add('watch_reached', labels, Number(outages.every(({ to }) => to !== undefined)));
  families.add('watch_probes', labels, one.sent);
  families.add('watch_probes_lost', labels, one.missed);
  families.add('watch_outages', labels, outages.length);
  families.add('watch_slow_names', labels, one.slowNames?.length ?? 0);
  families.histogram('watch_rtt_seconds', labels, bucketsOf(one));
}

/** A fine bucket counts below a bound when all of it lies there. */
function bucketsOf({ histogram, rttSum }: WatchedDestination): Buckets {
  const counts = new Array<number>(BOUNDS.length + 1).fill(0);
  let before = 0;
  for (const { le, count } of histogram) {
    const at = BOUNDS.findIndex((bound) => le / 1000 <= bound);
    const place = at < 0 ? BOUNDS.length : at;
    counts[place] = (counts[place] ?? 0) + count - before;
    before = count;
  }
  return { bounds: BOUNDS, counts, sum: rttSum / 1000 };
}

/** What an outage was found to be: by its own packets and by the diagnosis, each ID once. */
function findingsOf({ findings, diagnosis }: Outage): Finding[] {
  const all = [...findings, ...(diagnosis?.findings ?? [])];
  return [...new Map(all.map((one) => [`${one.id} ${one.severity}`, one])).values()];
}

/** Of a row that lasts it is not known yet how bad it is, and a counter takes nothing back. */
function slowFindings({ slowNames = [] }: WatchedDestination): Finding[] {
  return slowNames.flatMap(({ to, findings }) => (to === undefined ? [] : findings));
}
