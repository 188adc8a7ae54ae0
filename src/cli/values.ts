import { parseDuration } from '../model/duration.ts';
import type { ListFlag, NumberRange, SettingFlag, SwitchFlag, TextFlag } from '../model/flag.ts';
import type { FlagValues } from '../model/flag-values.ts';
import { usageError } from '../model/usage-error.ts';
import { isImageName, isImagePlace } from './image-name.ts';

interface ChoiceFlag<T extends string> extends TextFlag {
  readonly choices: readonly T[];
}

/** A value that was set elsewhere than on the command line. */
export interface SetValue {
  readonly text: string;
  /** The variable, or the file with the line. */
  readonly from: string;
  /** What to call it in a message: the variable, or the key with its file and line. */
  readonly name: string;
}

/** What one command line holds, by flag name, before it means anything; and what is set for what it leaves out. */
export class Values implements FlagValues {
  /** TARGET and what else stands there without a dash. */
  readonly words: readonly string[];
  /** What follows `--`, exactly as typed; undefined when there is no `--`. */
  readonly rest: readonly string[] | undefined;
  readonly #given: ReadonlyMap<string, unknown>;
  readonly #set: ReadonlyMap<string, SetValue>;

  constructor(
    given: ReadonlyMap<string, unknown>,
    words: readonly string[],
    rest: readonly string[] | undefined,
    set: ReadonlyMap<string, SetValue> = new Map(),
  ) {
    this.#given = given;
    this.words = words;
    this.rest = rest;
    this.#set = set;
  }

  /** The flag's last value, else what is set, else its default; an empty value is no value, as in kubectl. */
  text(flag: TextFlag): string | undefined {
    const text = this.#last(flag) ?? this.#set.get(flag.name)?.text ?? flag.default;
    return text === '' ? undefined : text;
  }

  #last(flag: TextFlag): string | undefined {
    return strings(this.#given.get(flag.name)).at(-1);
  }

  /** Where the flag's value comes from: the flag, the variable, or the file with the line; undefined: it is the default. */
  origin(flag: TextFlag): string | undefined {
    return this.#last(flag) === undefined ? this.#set.get(flag.name)?.from : `--${flag.name}`;
  }

  #nameOf(flag: TextFlag): string {
    const set = this.#last(flag) === undefined ? this.#set.get(flag.name) : undefined;
    return set?.name ?? `--${flag.name}`;
  }

  /** Like text(), for a flag for which an empty value means something. */
  rawText(flag: TextFlag): string {
    return strings(this.#given.get(flag.name)).at(-1) ?? flag.default ?? '';
  }

  list(flag: ListFlag): string[] {
    const values = strings(this.#given.get(flag.name));
    const parts = flag.splits ? values.flatMap(splitAtCommas) : values;
    if (parts.includes('')) throw usageError(`--${flag.name} has an empty value`);
    return parts;
  }

  isOn(flag: SwitchFlag): boolean {
    return this.switch(flag) ?? flag.default ?? false;
  }

  /** Like isOn(), but undefined when the flag is not there. */
  switch(flag: SwitchFlag): boolean | undefined {
    const value = this.#given.get(flag.name);
    const last = Array.isArray(value) ? value.at(-1) : value;
    return typeof last === 'boolean' ? last : undefined;
  }

  /** One of the flag's choices. */
  choice<T extends string>(flag: ChoiceFlag<T> & { readonly default: T }): T {
    return this.optionalChoice<T>(flag) ?? flag.default;
  }

  optionalChoice<T extends string>(flag: ChoiceFlag<T>): T | undefined {
    const text = this.text(flag);
    if (text === undefined) return undefined;
    const choice = flag.choices.find((one) => one === text);
    if (choice === undefined) {
      throw usageError(`${this.#nameOf(flag)} must be one of ${flag.choices.join(', ')}, not "${text}"`);
    }
    return choice;
  }

  /** @throws UserError with exit code 2 when the value is not what the setting has to be */
  check(flag: SettingFlag): void {
    const { type } = flag.setting;
    if (flag.choices !== undefined) this.optionalChoice({ ...flag, choices: flag.choices });
    else if (type === 'duration') this.optionalDuration(flag);
    else if (type === 'image') this.image(flag);
    else if (type === 'registry') this.registry(flag);
    else if (type !== undefined && this.text(flag) !== undefined) this.number(flag, type);
  }

  /** Milliseconds. */
  duration(flag: TextFlag & { readonly default: string }, least = 1): number {
    return this.optionalDuration(flag, least) ?? this.#durationOf(flag, flag.default, least);
  }

  optionalDuration(flag: TextFlag, least = 1): number | undefined {
    const text = this.text(flag);
    return text === undefined ? undefined : this.#durationOf(flag, text, least);
  }

  #durationOf(flag: TextFlag, text: string, least: number): number {
    const ms = parseDuration(text);
    if (ms === undefined) {
      throw usageError(
        `${this.#nameOf(flag)} must be a duration such as 500ms, 90s, 10m or 1h30m, not "${text}"`,
      );
    }
    if (ms < least) {
      const leastText = least % 1000 === 0 ? `${least / 1000}s` : `${least}ms`;
      throw usageError(`${this.#nameOf(flag)} must be at least ${leastText}, not "${text}"`);
    }
    return ms;
  }

  /** The name of an image. */
  image(flag: TextFlag): string | undefined {
    const text = this.text(flag);
    if (text === undefined || isImageName(text)) return text;
    throw usageError(`${this.#nameOf(flag)} must be an image such as ghcr.io/team/tools:1.2, not "${text}"`);
  }

  /** A registry, and the path in it if any. */
  registry(flag: TextFlag): string | undefined {
    const text = this.text(flag);
    if (text === undefined || isImagePlace(text)) return text;
    throw usageError(
      `${this.#nameOf(flag)} must be a registry such as registry.example:5000/team, not "${text}"`,
    );
  }

  number(flag: TextFlag, range: NumberRange): number {
    return this.#numberOf(flag, this.text(flag) ?? flag.default ?? '', range);
  }

  optionalNumber(flag: TextFlag, range: NumberRange): number | undefined {
    const text = this.text(flag);
    return text === undefined ? undefined : this.#numberOf(flag, text, range);
  }

  #numberOf(flag: TextFlag, text: string, range: NumberRange): number {
    const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    const fits = number >= range.least && number <= range.most && (!range.whole || Number.isInteger(number));
    if (!fits) {
      const what = range.whole ? 'a whole number' : 'a number';
      throw usageError(
        `${this.#nameOf(flag)} must be ${what} from ${range.least} to ${range.most}, not "${text}"`,
      );
    }
    return number;
  }
}

/** `a:1,https://h/x?a=1,2` is two: a comma behind a URL's host belongs to the URL, unless another URL follows it. */
function splitAtCommas(text: string): string[] {
  const parts: string[] = [];
  for (const part of text.split(',')) {
    const before = parts.at(-1) ?? '';
    if (/^[a-z][a-z\d+.-]*:\/\/[^/?#]*[/?#]/i.test(before) && !/^[a-z][a-z\d+.-]*:\/\//i.test(part)) {
      parts.splice(-1, 1, `${before},${part}`);
    } else parts.push(part);
  }
  return parts;
}

function strings(value: unknown): string[] {
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : [value]).map(String);
}
