/**
 * Distributions of times below each other on one axis, as SVG. Lengths are in percent and there is no viewBox: letters keep
 * their size on a phone. Pure.
 */
import type { Measure, Times } from '../../model/measure.ts';
import { quantile, sorted } from '../../statistics/quantile.ts';
import { html, type Markup, type Part } from './markup.ts';
import { type Scale, scaleOf, timeText } from './scale.ts';

/** One row of the plot. */
export interface Series {
  readonly name: string;
  /** In milliseconds, at least one. */
  readonly ms: readonly number[];
  /** What is told beside its numbers. */
  readonly note?: string;
}

const ROW = 84;
const BAR = 26;
const BINS = 50;
/** Longer names push the numbers out of sight; the table has them whole. */
const NAME = 44;

/** The series of all times among the measures, each with the loss of what has the same labels. */
export function seriesOf(measures: readonly Measure[]): Series[] {
  return measures.flatMap(({ title, labels, value }) => {
    if (value.kind !== 'times' || value.ms.length === 0) return [];
    const lost = measures.find(
      (one) => one.value.kind === 'share' && one.value.word === undefined && key(one) === key({ labels }),
    )?.value;
    const note = lost?.kind === 'share' && lost.lost > 0 ? `${lost.lost} of ${lost.tries} lost` : undefined;
    return [
      {
        name: `${Object.values(labels).join(', ')}: ${title}`,
        ms: (value as Times).ms,
        ...(note === undefined ? {} : { note }),
      },
    ];
  });
}

function key({ labels }: Pick<Measure, 'labels'>): string {
  return JSON.stringify(Object.entries(labels));
}

/** `undefined` of no series. */
export function distributions(all: readonly Series[], what: string): Markup | undefined {
  if (all.length === 0) return undefined;
  const scale = scaleOf(all.flatMap(({ ms }) => ms));
  const height = all.length * ROW + 24;
  const end = all.length * ROW;
  return html`<figure>
<svg role="img" width="100%" height="${height}" aria-label="${`${what}: ${all.map((one) => `${one.name}: ${numbers(one)}, ${answers(one)}`).join('; ')}`}">
${scale.ticks.map(({ at, text }) => html`<line class="grid" x1="${round(at)}%" x2="${round(at)}%" y1="0" y2="${end}"/><text class="dim" x="${round(at)}%" y="${end + 16}" text-anchor="${anchor(at)}">${text}</text>`)}
${all.map((one, at) => row(one, at * ROW, scale))}
</svg>
<figcaption>${what}, on a logarithmic axis. Bars: how many of the times are near; the long line: the median; the short one: the 95th percentile.</figcaption>
</figure>`;
}

function row(series: Series, top: number, scale: Scale): Part {
  const all = sorted(series.ms);
  const counts = new Array<number>(BINS).fill(0);
  for (const ms of all) {
    const bin = Math.min(BINS - 1, Math.max(0, Math.floor((scale.at(ms) / 100) * BINS)));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const most = counts.reduce((a, b) => Math.max(a, b), 1);
  const base = top + ROW - 8;
  const mark = (ms: number, length: number): Part =>
    html`<line class="median" stroke="currentColor" stroke-width="2" x1="${round(scale.at(ms))}%" x2="${round(scale.at(ms))}%" y1="${base - length}" y2="${base + 3}"/>`;
  return html`<text x="0" y="${top + 14}">${shortened(series.name)}</text><text class="dim" x="0" y="${top + 28}">${numbers(series)}</text><text class="dim" x="0" y="${top + 42}">${answers(series)}</text>
<line class="grid" stroke="currentColor" x1="0" x2="100%" y1="${base}" y2="${base}"/>
${counts.map((count, bin) => (count === 0 ? undefined : html`<rect class="bar" x="${round((bin / BINS) * 100)}%" width="${round(100 / BINS - 0.3)}%" y="${round(base - height(count, most))}" height="${round(height(count, most))}"/>`))}
${mark(quantile(all, 0.5), BAR)}${mark(quantile(all, 0.95), BAR / 2)}`;
}

/** Whatever is not nothing can be seen. */
function height(count: number, most: number): number {
  return Math.max(2, (count / most) * (BAR - 4));
}

function numbers({ ms }: Series): string {
  const all = sorted(ms);
  const [median, p95, max] = [0.5, 0.95, 1].map((share) => timeText(quantile(all, share)));
  return `median ${median}, p95 ${p95}, max ${max}`;
}

function answers({ ms, note }: Series): string {
  const count = `${ms.length} ${ms.length === 1 ? 'answer' : 'answers'}`;
  return note === undefined ? count : `${count}, ${note}`;
}

function anchor(at: number): string {
  return at < 5 ? 'start' : at > 95 ? 'end' : 'middle';
}

function shortened(name: string): string {
  const all = [...name];
  return all.length <= NAME ? name : `${all.slice(0, NAME / 2).join('')}…${all.slice(1 - NAME / 2).join('')}`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
