/** The configuration file as keys with their lines. What keys there are is the command line's business. */
import { readFileSync } from 'node:fs';
import { EVENT_ID, type Event, getScalarValue, parseEvents, YAMLException } from 'js-yaml';
import { chosenNames } from '../kube/kubeconfig.ts';
import type { ConfigEntry, ConnectionFlags } from '../model/args.ts';
import { UserError } from '../model/errors.ts';
import { fileReason } from '../model/file-reason.ts';

/**
 * Reads the file; an empty one has no keys.
 * @throws {UserError} exit 2: it cannot be read, is no YAML, or is not a mapping
 */
export function readConfigFile(file: string): ConfigEntry[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UserError(`the configuration file ${file} cannot be read: ${fileReason(error)}.`, 2);
  }
  try {
    return new Reader(text, file).read();
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const line = error.mark === undefined ? '' : `:${error.mark.line + 1}`;
    throw new UserError(`${file}${line}: ${error.reason}.`, 2);
  }
}

/** The names by which a section may be meant for the cluster that the flags choose, the one that counts most first. */
export const kubeconfigNames: (connection: ConnectionFlags) => string[] = chosenNames;

/** Walks the parser's events: they know where they stand in the text, which a loaded document does not. */
class Reader {
  readonly #text: string;
  readonly #file: string;
  readonly #events: Event[];
  readonly #entries: ConfigEntry[] = [];
  #next = 0;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
    this.#events = parseEvents(text, {});
  }

  read(): ConfigEntry[] {
    if (this.#events.length === 0) return [];
    this.#take();
    const root = this.#events[this.#next];
    if (root?.type === EVENT_ID.MAPPING) this.#mapping([]);
    else if (root?.type !== EVENT_ID.POP && !this.#isNothing(root)) {
      throw new UserError(`${this.#file}:1: it must be a mapping of keys to values.`, 2);
    } else this.#take();
    return this.#entries;
  }

  #take(): Event | undefined {
    return this.#events[this.#next++];
  }

  #isNothing(event: Event | undefined): boolean {
    return event?.type === EVENT_ID.SCALAR && getScalarValue(this.#text, event) === '';
  }

  /** Its opening event is next. */
  #mapping(above: readonly string[]): void {
    this.#take();
    for (let key = this.#take(); key !== undefined && key.type !== EVENT_ID.POP; key = this.#take()) {
      if (key.type !== EVENT_ID.SCALAR) {
        throw new UserError(`${this.#file}:${this.#lineOf(key)}: a key must be a plain word.`, 2);
      }
      const keys = [...above, getScalarValue(this.#text, key)];
      const line = this.#line(key.valueStart);
      if (this.#entries.some((one) => one.keys.join('\n') === keys.join('\n'))) {
        throw new UserError(`${this.#file}:${line}: the key "${keys.join('.')}" is given twice.`, 2);
      }
      const value = this.#events[this.#next];
      if (value?.type === EVENT_ID.SCALAR) {
        this.#take();
        this.#entries.push({ keys, line, kind: 'value', text: getScalarValue(this.#text, value) });
      } else if (value?.type === EVENT_ID.MAPPING) {
        this.#entries.push({ keys, line, kind: 'section', text: '' });
        this.#mapping(keys);
      } else if (value?.type === EVENT_ID.SEQUENCE) {
        this.#entries.push({ keys, line, kind: 'list', text: '' });
        this.#skip();
      } else {
        throw new UserError(`${this.#file}:${line}: YAML aliases are not supported.`, 2);
      }
    }
  }

  /** Leaves out a collection. */
  #skip(): void {
    let depth = 0;
    do {
      const event = this.#take();
      if (event?.type === EVENT_ID.POP) depth--;
      else if (event?.type === EVENT_ID.MAPPING || event?.type === EVENT_ID.SEQUENCE) depth++;
    } while (depth > 0);
  }

  #lineOf(event: Event): number {
    return this.#line('start' in event ? event.start : 0);
  }

  #line(position: number): number {
    return this.#text.slice(0, position).split('\n').length;
  }
}
