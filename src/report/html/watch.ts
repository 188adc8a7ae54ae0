/** A watch as a page: what was seen over time, and each outage with what it was. Pure. */
import type { Outage, Watch, WatchEvent, WatchedDestination } from '../../model/watch.ts';
import { targetPlace, targetTitle } from '../target.ts';
import { unsentTexts } from '../watch-words.ts';
import { findingBlock } from './findings.ts';
import { html, type Markup, type Part } from './markup.ts';
import { badge, type PageOptions, page, runFacts } from './page.ts';
import { timeText } from './scale.ts';
import { grid } from './tables.ts';
import { clock, outageText, seconds, timelineFigure } from './timeline-figure.ts';

export interface WatchPageOptions extends PageOptions {
  /** Unix time of an RFC 3339 text: reporters have no clock. */
  readonly secondsOf: (time: string) => number;
}

/** Ends with a newline. */
export function renderHtmlWatch(watch: Watch, options: WatchPageOptions): string {
  const { target, verdict, destinations, outages, events, startedAt, gaps } = watch;
  const place = targetPlace(target);
  const start = options.secondsOf(startedAt);
  return page(
    {
      title: targetTitle(target),
      verdict,
      facts: [...(place === '' ? [] : [['target', place] as const]), ...runFacts(watch)],
      body: html`<p class="lead">${leadText(watch)}</p>
<section aria-labelledby="timeline"><h2 id="timeline">Timeline</h2>
${timelineFigure(watch, (time) => (options.secondsOf(time) - start) * 1000)}
${grid(
  ['Destination', 'Probe', 'Sent', 'Missed', 'Outages', 'Min', 'Median', 'p90', 'p99', 'Max'],
  destinations.map((one) => destinationRow(one, outages)),
  'Destinations',
  ['left', 'left', 'right', 'right', 'right', 'right', 'right', 'right', 'right', 'right'],
)}
${destinations.map(({ destination, unmeasured }) => (unmeasured === undefined ? undefined : html`<p>${destination} was not measured: ${unmeasured}.</p>`))}
${unsentTexts(destinations).map((text) => html`<p>${text}.</p>`)}
${gaps.map(({ from, to, reason }) => html`<p>Not measured (${reason}): ${clock(from)} to ${clock(to)}.</p>`)}
${destinations.flatMap(({ slowNames = [] }) => slowNames.slice(0, 5).flatMap(({ findings }) => findings.map(findingBlock)))}
</section>
${outagesSection(outages)}
${eventsSection(events)}`,
    },
    options,
  );
}

function leadText({ outages, verdict, destinations, durationMs, ended }: Watch): string {
  const lost = ended === 'lost' ? ' The session was lost, and nothing is known from then on.' : '';
  const [first] = outages;
  if (first === undefined) {
    const word =
      verdict === 'pass'
        ? `No outage in ${seconds(durationMs)}.`
        : `No outage was seen, but not all of it was measured.`;
    return `${word}${lost}`;
  }
  const names = new Set(outages.map(({ destination }) => destination));
  const count = `${outages.length} ${outages.length === 1 ? 'outage' : 'outages'} of ${names.size} of ${destinations.length} destinations`;
  const all = [...first.findings, ...(first.diagnosis?.findings ?? [])];
  const finding = all.find(({ severity }) => severity === 'critical') ?? all[0];
  const why = finding === undefined ? '' : ` ${finding.id}: ${finding.summary}`;
  return `${count}. The first: ${first.destination}, ${outageText(first)}.${why}${lost}`;
}

function destinationRow(
  { destination, probe, sent, missed, rtt }: WatchedDestination,
  outages: readonly Outage[],
): Part[] {
  const times =
    rtt === undefined ? ['', '', '', '', ''] : [rtt.min, rtt.p50, rtt.p90, rtt.p99, rtt.max].map(timeText);
  const own = outages.filter((outage) => outage.destination === destination).length;
  return [destination, probe, sent, missed, own, ...times];
}

function outagesSection(outages: readonly Outage[]): Part {
  if (outages.length === 0) return undefined;
  return html`<section aria-labelledby="outages"><h2 id="outages">Outages</h2>
${grid(
  ['Outage', 'Destination', 'From', 'Lasted', 'Missed', 'What it was'],
  outages.map((outage) => [
    html`<a href="#outage-${outage.number}">${outage.number}</a>`,
    outage.destination,
    clock(outage.from),
    `${seconds(outage.durationMs)}${outage.to === undefined ? ', to the end' : ''}`,
    String(outage.missed),
    idsOf(outage),
  ]),
  'Outages',
)}
${outages.map(outageBlock)}
</section>`;
}

function idsOf({ findings, diagnosis, evidence }: Outage): string {
  const ids = [...new Set([...(diagnosis?.findings ?? []), ...findings].map(({ id }) => id))];
  return ids.length === 0 ? evidence.reason : ids.join(', ');
}

/** What it was by its own packets, then what the diagnosis said. */
function outageBlock(outage: Outage): Markup {
  const { number, destination, from, to, lastAnswer, durationMs, findings, diagnosis, pcap, packets } =
    outage;
  return html`<details open id="outage-${number}"><summary>Outage ${number}: ${destination} from ${clock(from)} for ${seconds(durationMs)}</summary>
${grid(['What', 'Seen'], [...rowsOf(outage), ...(lastAnswer === undefined ? [] : [['last answer before', lastAnswer]]), ['first probe missed', from], ['first answer after', to ?? 'none: it lasted to the end'], ...(pcap === undefined ? [] : [['packets', `${packets ?? 0} in ${pcap}`]])], `Outage ${number}`)}
${findings.map(findingBlock)}
${
  diagnosis === undefined
    ? undefined
    : html`<h3>Diagnosis, ${clock(diagnosis.at)}</h3>${
        diagnosis.failed === undefined
          ? html`<p>${badge(diagnosis.verdict)} ${diagnosis.late ? 'It began after the outage had ended: what it found is not of the outage, as a rule.' : 'It began while the outage lasted.'}${diagnosis.bundle === undefined ? undefined : ` Its evidence is in ${diagnosis.bundle}.`}</p>${diagnosis.findings.map(findingBlock)}`
          : html`<p>There is none: ${diagnosis.failed}.</p>`
      }`
}
</details>`;
}

/** What the far side saw at the first miss. */
function rowsOf({ evidence }: Outage): Part[][] {
  const { reason, error, address, tries, icmp, route, neighbour, link, dns, counters, conntrack, seen } =
    evidence;
  const rows: (readonly [string, string | undefined])[] = [
    ['reason', error === '' ? reason : `${reason}: ${error}`],
    ['address', address === '' ? undefined : address],
    ['tries', String(tries)],
    [
      'ICMP error',
      icmp === undefined ? undefined : `type ${icmp.type} code ${icmp.code} from ${icmp.sender}`,
    ],
    [
      'route',
      route === undefined
        ? undefined
        : (route.error ??
          [route.type, route.device, route.gateway && `via ${route.gateway}`].filter(Boolean).join(' ')),
    ],
    [
      'next hop',
      neighbour === undefined
        ? undefined
        : `${neighbour.address} ${neighbour.state} ${neighbour.mac ?? ''}`.trim(),
    ],
    [
      'link',
      link === undefined
        ? undefined
        : `${link.up ? 'up' : 'down'}, ${link.carrier ? 'carrier' : 'no carrier'}`,
    ],
    ['name server', dns === undefined ? undefined : `${dns.server}: ${dns.name}: ${dns.answer}`],
    [
      'packets of the probe',
      seen === undefined ? undefined : `${seen.out} out, ${seen.in} in, ${seen.arp} ARP`,
    ],
    ['tracked connections', conntrack === undefined ? undefined : `${conntrack.count} of ${conntrack.max}`],
    [
      'counters that rose',
      Object.entries(counters)
        .map(([name, by]) => `${name} ${by}`)
        .join(', ') || undefined,
    ],
  ];
  return rows.flatMap(([what, text]) => (text === undefined ? [] : [[what, text]]));
}

function eventsSection(events: readonly WatchEvent[]): Part {
  if (events.length === 0) return undefined;
  return html`<section aria-labelledby="events"><h2 id="events">Events</h2>
${grid(
  ['Time', 'Event', 'What'],
  events.map(({ at, type, text }) => [clock(at), type, text]),
  'Events',
)}
</section>`;
}
