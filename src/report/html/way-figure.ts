/** The way of a connection through the namespaces: a box for each place, and between them what was seen to pass. Pure. */
import type { Passing, Way, WayPlace } from '../../model/way.ts';
import { html, type Markup, type Part } from './markup.ts';

const BOX = 40;
const STEP = 84;
const NAME = 40;

/** What was seen of a packet between two places. */
type Hop = 'yes' | 'no' | 'unwatched';

const WORDS: Readonly<Record<Passing['seen'], string>> = {
  yes: 'seen',
  no: 'not seen',
  unwatched: 'not watched',
  none: '',
};

export function wayFigure({ name, outcome, places }: Way): Markup {
  const height = (places.length - 1) * STEP + BOX + 8;
  return html`<figure>
<svg role="img" width="100%" height="${height}" aria-label="${`The way to ${name}: ${outcome}. ${places.map(placeText).join('; ')}`}">
${places.map((place, at) => box(place, at * STEP + 4))}
${places.slice(1).map((place, at) => hops(places[at] as WayPlace, place, at * STEP + 4 + BOX))}
</svg>
<figcaption>The way to ${name}: ${outcome}. Probes go down on the left, answers up on the right.</figcaption>
</figure>`;
}

function placeText({ name, probe, answer }: WayPlace): string {
  const said = [text('probe', probe), text('answer', answer)].filter((one) => one !== '');
  return `${name}: ${said.length === 0 ? 'passed by neither' : said.join(', ')}`;
}

function text(packet: string, { seen, ways, missed }: Passing): string {
  if (seen === 'none') return '';
  const where = [...ways, ...missed.map((way) => `not ${way}`)].join(', ');
  return `${packet} ${WORDS[seen]}${where === '' ? '' : ` ${where}`}`;
}

function box({ name, probe, answer }: WayPlace, top: number): Part {
  return html`<rect class="box" fill="none" stroke="currentColor" x="1%" width="98%" y="${top}" height="${BOX}" rx="5"/>
<text x="50%" y="${top + 16}" text-anchor="middle">${shortened(name)}</text>
${said(probe, 'probe', '4%', 'start', top)}${said(answer, 'answer', '96%', 'end', top)}`;
}

function said(passing: Passing, packet: string, x: string, anchor: string, top: number): Part {
  const words = text(packet, passing);
  return words === ''
    ? undefined
    : html`<text class="${passing.missed.length > 0 ? 'no' : passing.seen}" x="${x}" y="${top + 33}" text-anchor="${anchor}">${words}</text>`;
}

function hops(from: WayPlace, to: WayPlace, top: number): Part {
  return [
    arrow(hopOf(from.probe, to.probe), 25, top, 'down'),
    arrow(hopOf(to.answer, from.answer), 75, top, 'up'),
  ];
}

/** @returns `undefined` where nothing was to go */
function hopOf(from: Passing, to: Passing): Hop | undefined {
  if (to.seen === 'none' || from.seen === 'none') return undefined;
  if (to.seen === 'yes') return 'yes';
  // What did not come to the one place, or did not leave it, is not missing on the way to the other.
  if (from.seen === 'no' || from.missed.includes('out')) return undefined;
  return to.seen === 'no' ? 'no' : 'unwatched';
}

function arrow(hop: Hop | undefined, x: number, top: number, way: 'down' | 'up'): Part {
  if (hop === undefined) return undefined;
  const [first, last] = [top + 4, top + STEP - BOX - 4];
  const tip = way === 'down' ? last : first;
  const back = way === 'down' ? last - 7 : first + 7;
  const dashes = { yes: 'none', no: '5 4', unwatched: '2 4' }[hop];
  const sign = { yes: '', no: '× lost here', unwatched: '? not watched' }[hop];
  return html`<line class="${hop}" stroke="currentColor" stroke-width="2" stroke-dasharray="${dashes}" x1="${x}%" x2="${x}%" y1="${first}" y2="${last}"/>
<line class="${hop}" stroke="currentColor" stroke-width="2" x1="${x}%" x2="${x - 0.8}%" y1="${tip}" y2="${back}"/><line class="${hop}" stroke="currentColor" stroke-width="2" x1="${x}%" x2="${x + 0.8}%" y1="${tip}" y2="${back}"/>
${sign === '' ? undefined : html`<text class="${hop}" x="${way === 'down' ? x + 2 : x - 2}%" text-anchor="${way === 'down' ? 'start' : 'end'}" y="${top + (STEP - BOX) / 2 + 4}">${sign}</text>`}`;
}

function shortened(name: string): string {
  const all = [...name];
  return all.length <= NAME ? name : `${all.slice(0, NAME - 1).join('')}…`;
}
