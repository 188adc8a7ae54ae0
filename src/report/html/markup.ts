/**
 * HTML that is escaped by construction: what is written in a template's text is markup, whatever is put into it is text,
 * unless it is markup itself. Pure.
 */
import { visible } from '../text.ts';

/** Made by {@link html} and {@link trusted} alone. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What can be put into a template; `undefined` leaves nothing. */
export type Part = Markup | string | number | undefined | readonly Part[];

/** Templates whose places were found to be harmless. */
const checked = new WeakSet<TemplateStringsArray>();

/**
 * A value may stand between tags and in a quoted attribute, and nowhere else.
 * @throws {Error} the template has a place where text could be more than text: a name, an address, a style, a script
 */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  if (!checked.has(texts)) {
    let place: Place = { state: 'text', tag: '', value: '', raw: '' };
    for (const text of texts.slice(0, -1)) {
      place = walk(place, text);
      refuseUnsafe(place);
    }
    checked.add(texts);
  }
  return new Markup(texts.reduce((all, text, at) => `${all}${rendered(parts[at - 1])}${text}`));
}

/** Text of the program's own that is markup as it stands: its style and its script. Never what was read anywhere. */
export function trusted(text: string): Markup {
  return new Markup(text);
}

/** What stands between these is no text: a value in it would be run, or read as a style. */
const RAW: ReadonlySet<string> = new Set(['script', 'style', 'iframe', 'noscript', 'xmp', 'template']);
/** Their values are run, loaded or parsed. */
const ACTIVE =
  /^(?:on.*|style|src|srcdoc|srcset|action|formaction|data|background|poster|ping|xlink:href|http-equiv|content)$/i;

/** Where in a page a template's text has come to. */
interface Place {
  readonly state: 'text' | 'tag' | 'value';
  /** The tag's text so far, from its name on. */
  readonly tag: string;
  /** The value's text so far. */
  readonly value: string;
  /** The element without text that is open; empty: none. */
  readonly raw: string;
}

function walk(place: Place, text: string): Place {
  let { state, tag, value, raw } = place;
  const characters = [...text];
  for (const [at, character] of characters.entries()) {
    if (state === 'value') {
      if (character === '"') state = 'tag';
      else value += character;
      tag += character;
    } else if (state === 'tag') {
      if (character === "'") throw unsafe(`${tag}'`);
      if (character === '"') [state, value] = ['value', ''];
      if (character === '>') {
        state = 'text';
        const name = /^\/?[^\s/]*/.exec(tag)?.[0].toLowerCase() ?? '';
        if (RAW.has(name)) raw = name;
        if (name === `/${raw}`) raw = '';
      }
      tag += character;
    } else if (character === '<' && /[a-z/!]/i.test(characters[at + 1] ?? '/')) [state, tag] = ['tag', ''];
  }
  return { state, tag, value, raw };
}

/** @throws {Error} a value that comes here would be more than text */
function refuseUnsafe({ state, tag, value, raw }: Place): void {
  if (state === 'text' && raw === '') return;
  if (state !== 'value') throw unsafe(state === 'tag' ? `<${tag}` : `<${raw}>`);
  const name = /\s([^\s"'<>=/]+)="[^"]*$/.exec(tag)?.[1] ?? '';
  // A fragment of the page itself loads nothing.
  if (name === '' || ACTIVE.test(name) || (name.toLowerCase() === 'href' && !value.startsWith('#')))
    throw unsafe(`<${tag}`);
}

function unsafe(where: string): Error {
  return new Error(`a value may not stand here in HTML: ${where.slice(-60)}`);
}

function rendered(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Markup) return part.text;
  if (Array.isArray(part)) return part.map((one: Part) => rendered(one)).join('');
  return escaped(String(part));
}

const REFERENCES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** What hides or drives is shown; half of a surrogate pair, and what is no character, cannot be written in UTF-8. */
function escaped(text: string): string {
  return visible(text)
    .replace(/\p{Surrogate}|[\ufdd0-\ufdef\ufffe\uffff]/gu, '\ufffd')
    .replace(/[&<>"'`]/g, (character) => REFERENCES[character] ?? character);
}
