/**
 * What a watch saw, over time: for each destination a band from the fastest to the slowest answer with the median in it, and
 * its outages. Letters keep their size on a phone: only the bands stretch. Pure.
 */
import type { Outage, Watch, WatchedDestination, WatchStep } from '../../model/watch.ts';
import { html, type Markup, type Part } from './markup.ts';
import { type Scale, scaleOf, timeText } from './scale.ts';

const HEAD = 36;
const BAND = 64;
const ROW = HEAD + BAND + 14;
/** Of the stretched coordinates. */
const WIDTH = 1000;
/** Closer together, numbers of outages would lie on each other; in percent. */
const NUMBER_ROOM = 5;
/** What is shorter is drawn as wide as this, in percent: it is what the page is about. */
const LEAST_OUTAGE = 0.5;
/** More are drawn without a number. */
const MOST_NUMBERS = 200;
const NAME = 44;
const TICKS = 5;
/** Of a band's own axis: letters would lie on each other. */
const MOST_LEVELS = 3;
/** The far side counts no more seldom than this. */
const LONGEST_TALLY_MS = 10_000;

/** @param sinceStart ms from the beginning of the watch to an RFC 3339 time */
export function timelineFigure(watch: Watch, sinceStart: (time: string) => number): Markup | undefined {
  const { destinations, outages, startedAt, stepMs } = watch;
  if (destinations.length === 0) return undefined;
  const spanMs = Math.max(watch.durationMs, stepMs, 1);
  const times = destinations.flatMap(({ series }) =>
    series.flatMap(({ min, max }) => [
      ...(min === undefined ? [] : [min]),
      ...(max === undefined ? [] : [max]),
    ]),
  );
  const scale = times.length === 0 ? undefined : scaleOf(times);
  const end = destinations.length * ROW;
  const at = (ms: number): number =>
    Number.isFinite(ms) ? Math.min(100, Math.max(0, (ms / spanMs) * 100)) : 0;
  return html`<figure>
<svg role="img" width="100%" height="${end + 24}" aria-label="${`What was seen over time: ${destinations.map((one) => rowText(one, own(one, outages))).join('; ')}`}">
${ticksOf(startedAt, spanMs).map(
  ({ share, text }) =>
    html`<line class="grid" x1="${share}%" x2="${share}%" y1="0" y2="${end}"/><text class="dim" x="${share}%" y="${end + 16}" text-anchor="${share < 5 ? 'start' : share > 95 ? 'end' : 'middle'}">${text}</text>`,
)}
${destinations.map((one, i) => row(one, own(one, outages), i * ROW, { scale, at, sinceStart, stepMs, spanMs }))}
</svg>
<figcaption>Bands: from the fastest to the slowest answer of ${lengthOfBands(destinations, stepMs)} each, on one logarithmic axis; the line: the median; a field with × and a number: an outage. Times are UTC.</figcaption>
</figure>`;
}

interface Frame {
  /** Absent: nothing was answered at all. */
  readonly scale: Scale | undefined;
  readonly at: (ms: number) => number;
  readonly sinceStart: (time: string) => number;
  readonly stepMs: number;
  readonly spanMs: number;
}

function row(one: WatchedDestination, outages: readonly Outage[], top: number, frame: Frame): Part {
  const base = top + HEAD + BAND;
  const { scale } = frame;
  return html`<text x="0" y="${top + 14}">${shortened(one.destination)}</text><text class="dim" x="0" y="${top + 28}">${numbers(one)}</text>
<line class="grid" x1="0" x2="100%" y1="${base}" y2="${base}"/>
${levelsOf(scale).map(
  ({ at, text }) =>
    html`<line class="grid" stroke-dasharray="1 5" x1="0" x2="100%" y1="${round(y(at, base))}" y2="${round(y(at, base))}"/><text class="dim" x="100%" y="${round(y(at, base) + 4)}" text-anchor="end">${text}</text>`,
)}
${scale === undefined ? undefined : band(one, base, scale, frame)}
${marks(outages, top, frame)}`;
}

function levelsOf(scale: Scale | undefined): Scale['ticks'] {
  const { ticks = [] } = scale ?? {};
  const step = Math.ceil(ticks.length / MOST_LEVELS);
  return ticks.filter((_tick, i) => i % step === 0);
}

/** Of an axis whose values run from 0 to 100. */
function y(percent: number, base: number): number {
  return base - (percent / 100) * BAND;
}

/** Steps without an answer leave a gap. */
function band({ series }: WatchedDestination, base: number, scale: Scale, { stepMs, spanMs }: Frame): Part {
  const width = (stepMs / spanMs) * WIDTH;
  const rows = runs(series, stepMs).map((run) => {
    const x = (at: number): number => round(Math.min(WIDTH, at * width));
    const level = (ms: number): number => round(y(scale.at(ms), BAND));
    const upper = run.flatMap(({ from, to, max }) => [
      `${x(from)},${level(max) - 1}`,
      `${x(to)},${level(max) - 1}`,
    ]);
    const lower = run.flatMap(({ from, to, min }) => [
      `${x(from)},${level(min) + 1}`,
      `${x(to)},${level(min) + 1}`,
    ]);
    const middle = run.flatMap(({ from, to, median }) => [
      `${x(from)},${level(median)}`,
      `${x(to)},${level(median)}`,
    ]);
    return html`<polygon class="band" points="${[...upper, ...lower.reverse()].join(' ')}"/><polyline class="median" fill="none" vector-effect="non-scaling-stroke" points="${middle.join(' ')}"/>`;
  });
  return html`<svg x="0" y="${base - BAND}" width="100%" height="${BAND}" viewBox="0 0 ${WIDTH} ${BAND}" preserveAspectRatio="none">${rows}</svg>`;
}

/** What was answered from one step's begin to another's end. */
interface Seen {
  readonly from: number;
  readonly to: number;
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/**
 * Rows of steps in each of which something was answered. What is told every few seconds stands in the last of their steps: it is
 * of those before it too, in which nothing was sent.
 */
function runs(series: readonly WatchStep[], stepMs: number): Seen[][] {
  const all: Seen[][] = [];
  const most = Math.ceil(LONGEST_TALLY_MS / stepMs);
  let silent = 0;
  let isOpen = false;
  for (const [at, { sent, min, median, max }] of series.entries()) {
    if (min !== undefined && median !== undefined && max !== undefined) {
      const before = silent < most ? silent : 0;
      if (!isOpen || before < silent) all.push([]);
      all.at(-1)?.push({ from: at - before, to: at + 1, min, median, max });
      isOpen = true;
    } else if (sent > 0) isOpen = false;
    silent = sent > 0 ? 0 : silent + 1;
  }
  return all;
}

/** What is told every few seconds makes bands of several steps. */
function lengthOfBands(destinations: readonly WatchedDestination[], stepMs: number): string {
  const steps = destinations
    .flatMap(({ series }) => runs(series, stepMs).flat())
    .map(({ from, to }) => to - from);
  const most = steps.reduce((a, b) => Math.max(a, b), 1);
  return `${most === 1 ? '' : 'at most '}${timeText(most * stepMs)}`;
}

function marks(outages: readonly Outage[], top: number, { at, sinceStart }: Frame): Part {
  let taken = Number.NEGATIVE_INFINITY;
  let told = 0;
  return outages.map((outage) => {
    const from = at(sinceStart(outage.from));
    const width = Math.max(LEAST_OUTAGE, at(sinceStart(outage.from) + outage.durationMs) - from);
    const x = Math.min(from, 100 - width);
    const hasNumber = told < MOST_NUMBERS && x - taken >= NUMBER_ROOM;
    if (hasNumber) {
      taken = x;
      told++;
    }
    return html`<rect class="outage" x="${round(x)}%" width="${round(width)}%" y="${top + HEAD}" height="${BAND}"><title>${outageText(outage)}</title></rect>${hasNumber ? html`<text class="no" x="${round(x)}%" y="${top + HEAD + 12}" text-anchor="${x > 90 ? 'end' : 'start'}">×${outage.number}</text>` : undefined}`;
  });
}

function own({ destination }: WatchedDestination, outages: readonly Outage[]): Outage[] {
  return outages.filter((outage) => outage.destination === destination);
}

function rowText(one: WatchedDestination, outages: readonly Outage[]): string {
  const told = outages.slice(0, 3).map(outageText);
  const more = outages.length > told.length ? [`${outages.length - told.length} more outages`] : [];
  return `${one.destination}: ${[numbers(one), ...told, ...more].join(', ')}`;
}

/** `outage 2 from 14:02:11 for 3.0 s`. */
export function outageText({ number, from, durationMs, to }: Outage): string {
  return `outage ${number} from ${clock(from)} for ${seconds(durationMs)}${to === undefined ? ', to the end' : ''}`;
}

function numbers({ sent, missed, unsent = 0, rtt, unmeasured }: WatchedDestination): string {
  if (unmeasured !== undefined) return `not measured: ${unmeasured}`;
  const lost = `${missed} of ${sent} missed${unsent === 0 ? '' : `, ${unsent} more not sent`}`;
  return rtt === undefined
    ? lost
    : `median ${timeText(rtt.p50)}, p99 ${timeText(rtt.p99)}, max ${timeText(rtt.max)}, ${lost}`;
}

/** `4.2 s`, `3 min 20 s`. */
export function seconds(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const all = Math.round(ms / 1000);
  const [hours, minutes, rest] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${rest} s`;
}

/** The time of day of an RFC 3339 text, to the second. */
export function clock(time: string): string {
  return /T(\d\d:\d\d:\d\d)/.exec(time)?.[1] ?? time;
}

/** So many times of day, evenly. */
function ticksOf(startedAt: string, spanMs: number): { readonly share: number; readonly text: string }[] {
  const [, hours = '0', minutes = '0', rest = '0'] = /T(\d\d):(\d\d):(\d\d)/.exec(startedAt) ?? [];
  const start = Number(hours) * 3600 + Number(minutes) * 60 + Number(rest);
  return Array.from({ length: TICKS }, (_, i) => {
    const share = (i / (TICKS - 1)) * 100;
    const at = Math.round(start + (spanMs / 1000) * (share / 100)) % 86_400;
    const parts = [Math.floor(at / 3600), Math.floor(at / 60) % 60, at % 60];
    return { share, text: parts.map((part) => String(part).padStart(2, '0')).join(':') };
  });
}

function shortened(name: string): string {
  const all = [...name];
  return all.length <= NAME ? name : `${all.slice(0, NAME / 2).join('')}…${all.slice(1 - NAME / 2).join('')}`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
