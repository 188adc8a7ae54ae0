/** YAML as a tree that knows on which line each of its nodes stands, which a loaded document does not. Pure. */
import { EVENT_ID, type Event, getScalarValue, parseEvents, SCALAR_STYLE } from 'js-yaml';

/** A node. Lines are counted from 1. */
export type Located = LocatedText | LocatedList | LocatedMap;

interface LocatedText {
  readonly kind: 'text';
  readonly line: number;
  readonly text: string;
  /** Quoted text is never a number. */
  readonly isPlain: boolean;
}

interface LocatedList {
  readonly kind: 'list';
  readonly line: number;
  readonly items: readonly Located[];
}

export interface LocatedMap {
  readonly kind: 'map';
  readonly line: number;
  readonly entries: readonly { readonly key: string; readonly line: number; readonly value: Located }[];
}

/** What is wrong with a text, and on which line. */
export class LocatedError extends Error {
  override readonly name = 'LocatedError';
  readonly line: number;

  /** @param message without a full stop */
  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

/**
 * All documents of a text; an empty one is none.
 * @throws {LocatedError} a key that is no word, a key that is given twice, an alias of nothing
 * @throws {YAMLException} it is no YAML
 */
export function locatedDocuments(text: string): Located[] {
  return new Reader(text).documents();
}

/**
 * Values of one file, those of an alias each time that it is used: more than in 4 MB without any, and few enough to be read
 * in a second.
 */
const MOST_VALUES = 2_000_000;

class Reader {
  readonly #text: string;
  readonly #events: readonly Event[];
  readonly #anchors = new Map<string, { readonly node: Located; readonly values: number }>();
  #values = 0;
  /** Where each line begins. */
  readonly #starts: readonly number[];
  #next = 0;
  #lastLine = 1;

  constructor(text: string) {
    this.#text = text;
    this.#events = parseEvents(text, {});
    this.#starts = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
  }

  documents(): Located[] {
    const all: Located[] = [];
    while (this.#next < this.#events.length) {
      this.#take();
      this.#anchors.clear();
      const first = this.#events[this.#next];
      if (first !== undefined && first.type !== EVENT_ID.POP) {
        const node = this.#node();
        const isEmpty = node.kind === 'text' && node.isPlain && node.text === '';
        if (!isEmpty) all.push(node);
      }
      this.#take();
    }
    return all;
  }

  #take(): Event | undefined {
    return this.#events[this.#next++];
  }

  #node(): Located {
    const event = this.#take();
    const before = this.#values;
    switch (event?.type) {
      case EVENT_ID.SCALAR: {
        const line = this.#line(event.valueStart);
        this.#count(1, line);
        const text = getScalarValue(this.#text, event);
        const isPlain = event.style === SCALAR_STYLE.PLAIN;
        return this.#named(event, { kind: 'text', line, text, isPlain }, before);
      }
      case EVENT_ID.SEQUENCE: {
        const items: Located[] = [];
        while (!this.#isOver()) items.push(this.#node());
        return this.#named(event, { kind: 'list', line: this.#line(event.start), items }, before);
      }
      case EVENT_ID.MAPPING:
        return this.#named(event, this.#map(this.#line(event.start)), before);
      case EVENT_ID.ALIAS: {
        const name = this.#text.slice(event.anchorStart, event.anchorEnd);
        const found = this.#anchors.get(name);
        const line = this.#line(event.anchorStart);
        if (found === undefined) throw new LocatedError(`nothing is called &${name}`, line);
        this.#count(found.values, line);
        return found.node;
      }
      default:
        throw new LocatedError('it ends too early', this.#starts.length);
    }
  }

  #map(line: number): LocatedMap {
    const entries = new Map<string, LocatedMap['entries'][number]>();
    const merged: LocatedMap['entries'][number][] = [];
    while (!this.#isOver()) {
      const key = this.#node();
      if (key.kind !== 'text') throw new LocatedError('a key must be a plain word', key.line);
      if (entries.has(key.text)) throw new LocatedError(`the key "${key.text}" is given twice`, key.line);
      const value = this.#node();
      if (key.text === '<<' && key.isPlain) merged.push(...mergedEntries(value));
      else entries.set(key.text, { key: key.text, line: key.line, value });
    }
    // What stands in the mapping itself goes before what is merged into it.
    for (const one of merged) if (!entries.has(one.key)) entries.set(one.key, one);
    return { kind: 'map', line, entries: [...entries.values()] };
  }

  /** @throws {LocatedError} there are too many: a file of a few lines can name the same values again and again */
  #count(values: number, line: number): void {
    this.#values += values;
    if (this.#values > MOST_VALUES)
      throw new LocatedError(`there are more than ${MOST_VALUES} values in it, aliases counted`, line);
  }

  /** Takes the end of a collection, where it is next. */
  #isOver(): boolean {
    const next = this.#events[this.#next];
    if (next !== undefined && next.type !== EVENT_ID.POP) return false;
    this.#take();
    return true;
  }

  /** @param before how many values there were before it */
  #named(
    event: { readonly anchorStart: number; readonly anchorEnd: number },
    node: Located,
    before: number,
  ): Located {
    if (event.anchorStart >= 0) {
      const name = this.#text.slice(event.anchorStart, event.anchorEnd);
      this.#anchors.set(name, { node, values: this.#values - before });
    }
    return node;
  }

  /** What is not there (`key:` and nothing behind it) is where the last node was. */
  #line(position: number): number {
    if (position < 0) return this.#lastLine;
    let [low, high] = [0, this.#starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] ?? 0) <= position) low = middle;
      else high = middle;
    }
    this.#lastLine = low + 1;
    return this.#lastLine;
  }
}

/** What a merge key adds, as YAML 1.1 has it: the entries of a mapping, or of several, of which the first goes before. */
function mergedEntries(value: Located): readonly LocatedMap['entries'][number][] {
  const all = value.kind === 'list' ? value.items : [value];
  return all.flatMap((one) => {
    if (one.kind !== 'map') throw new LocatedError('what is merged by "<<" must be a mapping', one.line);
    return one.entries;
  });
}
