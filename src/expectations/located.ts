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

class Reader {
  readonly #text: string;
  readonly #events: readonly Event[];
  readonly #anchors = new Map<string, Located>();
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
    switch (event?.type) {
      case EVENT_ID.SCALAR:
        return this.#named(event, {
          kind: 'text',
          line: this.#line(event.valueStart),
          text: getScalarValue(this.#text, event),
          isPlain: event.style === SCALAR_STYLE.PLAIN,
        });
      case EVENT_ID.SEQUENCE: {
        const items: Located[] = [];
        while (!this.#isOver()) items.push(this.#node());
        return this.#named(event, { kind: 'list', line: this.#line(event.start), items });
      }
      case EVENT_ID.MAPPING:
        return this.#named(event, this.#map(this.#line(event.start)));
      case EVENT_ID.ALIAS: {
        const name = this.#text.slice(event.anchorStart, event.anchorEnd);
        const node = this.#anchors.get(name);
        if (node !== undefined) return node;
        throw new LocatedError(`nothing is called &${name}`, this.#line(event.anchorStart));
      }
      default:
        throw new LocatedError('it ends too early', this.#starts.length);
    }
  }

  #map(line: number): LocatedMap {
    const entries: LocatedMap['entries'][number][] = [];
    while (!this.#isOver()) {
      const key = this.#node();
      if (key.kind !== 'text') throw new LocatedError('a key must be a plain word', key.line);
      if (entries.some((one) => one.key === key.text))
        throw new LocatedError(`the key "${key.text}" is given twice`, key.line);
      entries.push({ key: key.text, line: key.line, value: this.#node() });
    }
    return { kind: 'map', line, entries };
  }

  /** Takes the end of a collection, where it is next. */
  #isOver(): boolean {
    const next = this.#events[this.#next];
    if (next !== undefined && next.type !== EVENT_ID.POP) return false;
    this.#take();
    return true;
  }

  #named(event: { readonly anchorStart: number; readonly anchorEnd: number }, node: Located): Located {
    if (event.anchorStart >= 0) this.#anchors.set(this.#text.slice(event.anchorStart, event.anchorEnd), node);
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
