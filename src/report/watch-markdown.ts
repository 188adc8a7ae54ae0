/** A watch as Markdown, for a ticket or a chat. Pure. */
import type { Outage, Watch, WatchedDestination } from '../model/watch.ts';
import { plain, section } from './markdown.ts';
import { targetPlace, targetTitle } from './target.ts';
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

/** Ends with a newline. */
export function renderWatchMarkdown(watch: Watch): string {
  const { target, verdict, startedAt, durationMs, intervalMs, tool, destinations, outages, gaps } = watch;
  const place = targetPlace(target);
  const notes = [...gaps.map((gap) => gapText(gap, watch)), ...unsentTexts(destinations)];
  return [
    `## ${plain(targetTitle(target))}: ${verdict}`,
    '',
    plain(
      `${place === '' ? '' : `${place}; `}${verdictText(watch)}; ${startedAt}, for ${lengthText(durationMs)}, every ${lengthText(intervalMs)}, kubectl-nettools ${tool.version}`,
    ),
    '',
    '| Destination | Probe | Sent | Missed | Loss | Median | p99 | Max |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...destinations.map(row),
    ...outages.flatMap((outage) => outageSection(outage, watch)),
    ...destinations.flatMap((one) => slowSections(one, watch)),
    ...(notes.length === 0 ? [] : ['', ...notes.map((note) => `- ${plain(note)}`)]),
    '',
  ].join('\n');
}

function row(one: WatchedDestination): string {
  const { destination, probe, sent, missed, rtt, unmeasured } = one;
  const times = rtt === undefined ? ['', '', ''] : [rtt.p50, rtt.p99, rtt.max].map(rttText);
  const cells = [
    plain(destination),
    unmeasured === undefined ? probe : plain(unmeasured),
    sent,
    missed,
    sent === 0 ? '' : lossText(one),
    ...times,
  ];
  return `| ${cells.join(' | ')} |`;
}

function outageSection(outage: Outage, watch: Watch): string[] {
  const { number, findings, diagnosis, pcap, packets } = outage;
  const events = watch.events.filter((event) => event.outage === number && event.type === 'cluster');
  return [
    '',
    `### ${plain(outageText(outage, watch))}`,
    ...(events.length === 0 ? [] : ['', ...events.map((event) => `- ${plain(eventText(event, watch))}`)]),
    ...(findings.length === 0 ? ['', 'What was seen in it does not tell the cause.'] : []),
    ...findings.flatMap((finding) => ['', ...section(finding, '####')]),
    ...(pcap === undefined ? [] : ['', `Packets: ${plain(pcap)} (${packets ?? 0} of them)`]),
    ...diagnosisSection(diagnosis, findings),
  ];
}

function slowSections({ destination, slowNames = [] }: WatchedDestination, watch: Watch): string[] {
  return slowNames.flatMap((names) => [
    '',
    `### ${plain(slowNamesText(names, destination, watch))}`,
    ...names.findings.flatMap((finding) => ['', ...section(finding, '####')]),
  ]);
}

/** Of what both found, the proof stands above. */
function diagnosisSection(diagnosis: Outage['diagnosis'], findings: Outage['findings']): string[] {
  if (diagnosis === undefined) return [];
  const { failed, late, bundle } = diagnosis;
  if (failed !== undefined) return ['', `Diagnosis: there is none: ${plain(failed)}`];
  const when = late ? 'Diagnosis, before whose end it was over' : 'Diagnosis, while it lasted';
  const where = bundle === undefined ? '' : ` (${plain(bundle)})`;
  const news = diagnosis.findings.filter(({ id }) => !findings.some((own) => own.id === id));
  const what =
    diagnosis.findings.length === 0 ? 'nothing wrong' : news.length === 0 ? 'the same' : 'more than that';
  return ['', `${when}: ${what}${where}`, ...news.flatMap((finding) => ['', ...section(finding, '####')])];
}
