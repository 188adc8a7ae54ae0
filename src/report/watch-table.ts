/** A watch for people: what was asked, then each outage with when, how long, what the evidence says. Pure. */
import type { Finding } from '../model/report.ts';
import type { Outage, Watch, WatchedDestination } from '../model/watch.ts';
import { paintedVerdict, renderFinding } from './table.ts';
import { plainTable } from './tables.ts';
import { targetPlace, targetTitle } from './target.ts';
import { type Palette, palette, visible, wrap } from './text.ts';
import { clockText, eventText, lengthText, lossText, rttText } from './watch-words.ts';

const INDENT = '  ';

/** Ends with a newline. */
export function renderWatch(
  watch: Watch,
  { colour, width }: { readonly colour: boolean; readonly width: number },
): string {
  const paint = palette(colour);
  const { target, durationMs, intervalMs, destinations, outages, folder } = watch;
  const place = targetPlace(target);
  const title = place === '' ? targetTitle(target) : `${targetTitle(target)} (${place})`;
  const blocks = [
    `${visible(title)}, watched for ${lengthText(durationMs)}, every ${lengthText(intervalMs)}`,
    table(destinations),
    ...outages.map((outage) => outageBlock(outage, watch, paint, width)),
    ...others(watch, width),
    ...(folder === undefined ? [] : [`Bundles and packets are in ${visible(folder)}.`]),
    lastLine(watch, paint),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function table(destinations: readonly WatchedDestination[]): string {
  const rows = destinations.map((one) => {
    const { destination, probe, sent, missed, rtt, unmeasured } = one;
    const times =
      rtt === undefined ? ['-', '-', '-'] : [rttText(rtt.p50), rttText(rtt.p99), rttText(rtt.max)];
    return [
      visible(destination),
      unmeasured === undefined ? probe : visible(unmeasured),
      String(sent),
      String(missed),
      sent === 0 ? '-' : lossText(one),
      ...times,
    ];
  });
  const head = ['DESTINATION', 'PROBE', 'SENT', 'MISSED', 'LOSS', 'MEDIAN', 'P99', 'MAX'];
  return plainTable(head, rows, [2, 3, 4, 5, 6, 7]);
}

function outageBlock(outage: Outage, watch: Watch, paint: Palette, width: number): string {
  const { number, destination, from, to, durationMs, missed, findings, diagnosis, pcap, packets } = outage;
  const until = to === undefined ? 'and it lasts' : `until ${clockText(to, watch.startedAt)}`;
  const head = `outage ${number}: ${clockText(from, watch.startedAt)} ${until} (${lengthText(durationMs)}), ${visible(destination)}: ${missed} missed`;
  const events = watch.events.filter((event) => event.outage === number && event.type === 'cluster');
  const extra = [
    ...events.map((event) => `cluster: ${visible(eventText(event, watch))}`),
    ...(findings.length === 0 ? ['what was seen in it does not tell the cause'] : []),
    ...(pcap === undefined ? [] : [`packets: ${visible(pcap)} (${packets ?? 0} of them)`]),
    ...(diagnosis === undefined ? [] : diagnosisLines(diagnosis, findings)),
  ].flatMap((line) => wrap(line, Math.max(40, width - INDENT.length)).map((one) => INDENT + one));
  return [
    paint.bold(head),
    ...findings.map((finding) => renderFinding(finding, paint, width)),
    ...extra,
  ].join('\n');
}

function diagnosisLines(diagnosis: NonNullable<Outage['diagnosis']>, findings: readonly Finding[]): string[] {
  const { late, failed, bundle } = diagnosis;
  if (failed !== undefined) return [`diagnosis: there is none: ${visible(failed)}`];
  const when = late ? 'diagnosis, before whose end it was over' : 'diagnosis, while it lasted';
  const where = bundle === undefined ? '' : ` (${visible(bundle)})`;
  const news = diagnosis.findings.filter(({ id }) => !findings.some((own) => own.id === id));
  if (diagnosis.findings.length === 0) return [`${when}: nothing wrong${where}`];
  if (news.length === 0) return [`${when}: the same${where}`];
  return news
    .slice(0, 3)
    .map(({ id, summary }, at) => `${when}: ${id} ${visible(summary)}${at === 0 ? where : ''}`);
}

/** What is about no outage. */
function others(watch: Watch, width: number): string[] {
  const events = watch.events.filter(
    ({ type, outage }) =>
      outage === undefined && (type === 'cluster' || type === 'connection' || type === 'lost'),
  );
  if (events.length === 0) return [];
  return [
    events
      .slice(0, 20)
      .flatMap((event) => wrap(visible(eventText(event, watch)), width))
      .join('\n'),
  ];
}

function lastLine({ outages, verdict, ended, destinations }: Watch, paint: Palette): string {
  const unmeasured = destinations.filter(({ sent }) => sent === 0).length;
  const said =
    outages.length > 0
      ? `${outages.length} ${outages.length === 1 ? 'outage' : 'outages'}`
      : verdict === 'pass'
        ? 'every probe was answered'
        : unmeasured > 0
          ? `${unmeasured} of the destinations could not be measured`
          : 'no outage, as long as it was watched';
  const cut = ended === 'lost' ? '; the far side was lost before the end' : '';
  return `verdict: ${paintedVerdict(verdict, paint)} (${said}${cut})`;
}
