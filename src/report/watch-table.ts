/** A watch for people: what was asked, then each outage with when, how long, what the evidence says. Pure. */
import type { Finding } from '../model/report.ts';
import type { Outage, Watch, WatchedDestination } from '../model/watch.ts';
import { paintedVerdict, renderFinding } from './table.ts';
import { plainTable } from './tables.ts';
import { targetPlace, targetTitle } from './target.ts';
import { type Palette, palette, visible, wrap } from './text.ts';
import {
  eventText,
  gapText,
  lengthText,
  lossText,
  outageText,
  rttText,
  slowNamesText,
  unsentTexts,
  verdictText,
} from './watch-words.ts';

const INDENT = '  ';
/** More of one destination say nothing new; the document has them. */
const MOST_SLOW = 5;

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
    ...destinations.flatMap((one) => slowBlocks(one, watch, paint, width)),
    ...gapsBlock(watch, width),
    ...unsentTexts(destinations).flatMap((text) => wrap(visible(text), width)),
    ...others(watch, width),
    ...(folder === undefined ? [] : [`Bundles and packets are in ${visible(folder)}.`]),
    `verdict: ${paintedVerdict(watch.verdict, paint)} (${verdictText(watch)})`,
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
  const { number, findings, diagnosis, pcap, packets } = outage;
  const events = watch.events.filter((event) => event.outage === number && event.type === 'cluster');
  const extra = [
    ...events.map((event) => `cluster: ${visible(eventText(event, watch))}`),
    ...(findings.length === 0 ? ['what was seen in it does not tell the cause'] : []),
    ...(pcap === undefined ? [] : [`packets: ${visible(pcap)} (${packets ?? 0} of them)`]),
    ...(diagnosis === undefined ? [] : diagnosisLines(diagnosis, findings)),
  ].flatMap((line) => wrap(line, Math.max(40, width - INDENT.length)).map((one) => INDENT + one));
  return [
    paint.bold(visible(outageText(outage, watch))),
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

function slowBlocks(
  { destination, slowNames = [] }: WatchedDestination,
  watch: Watch,
  paint: Palette,
  width: number,
): string[] {
  return slowNames
    .slice(0, MOST_SLOW)
    .map((names) =>
      [
        paint.bold(visible(slowNamesText(names, destination, watch))),
        ...names.findings.map((finding) => renderFinding(finding, paint, width)),
      ].join('\n'),
    );
}

function gapsBlock(watch: Watch, width: number): string[] {
  const { gaps } = watch;
  if (gaps.length === 0) return [];
  return [
    gaps
      .slice(0, 20)
      .flatMap((gap) => wrap(gapText(gap, watch), width))
      .join('\n'),
  ];
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
