import type { CompletionKind } from './args.ts';

interface FlagBase {
  /** Without dashes. */
  readonly name: string;
  /** One letter. */
  readonly short?: string;
  /** One line for the help, without a full stop. */
  readonly describe: string;
}

interface ValueFlag extends FlagBase {
  /** What stands for the value in the help, for example DURATION. */
  readonly value: string;
  /** Accepted values, when they can be listed. */
  readonly choices?: readonly string[];
  /** What shell completion offers; a file flag leaves it to the shell. */
  readonly completes?: CompletionKind | 'file';
}

/** What a number has to be. */
export interface NumberRange {
  readonly least: number;
  readonly most: number;
  readonly whole: boolean;
}

/** Where else a flag's value may come from: the configuration file, and the environment by a name made of the flag's. */
export interface Setting {
  /** Its key in the file; what stands before a dot is the section that it is in. */
  readonly key: string;
  /** What it has to be, where the flag has no choices; absent: any text. */
  readonly type?: 'duration' | 'image' | 'registry' | NumberRange;
}

/** A flag that takes one value; given twice, the last one counts, as in kubectl. */
export interface TextFlag extends ValueFlag {
  readonly kind: 'text';
  readonly default?: string;
  /** Present for what a user may want to set once and for all. */
  readonly setting?: Setting;
}

/** A flag that is also a setting. */
export type SettingFlag = TextFlag & { readonly setting: Setting };

/** A flag whose values add up; `splits` says whether commas separate values. */
export interface ListFlag extends ValueFlag {
  readonly kind: 'list';
  readonly splits: boolean;
}

/** A flag that is on or off: `--name`, `--name=false`. */
export interface SwitchFlag extends FlagBase {
  readonly kind: 'switch';
  readonly default?: boolean;
}

/** A flag that counts how often it stands there, or takes a level: `-vv`, `-v=2`. */
export interface CountFlag extends FlagBase {
  readonly kind: 'count';
}

/** One definition of a flag, from which parsing, help and completion are made. */
export type Flag = TextFlag | ListFlag | SwitchFlag | CountFlag;

/** Whether the word after the flag is its value. */
export function takesValue(flag: Flag): flag is TextFlag | ListFlag {
  return flag.kind === 'text' || flag.kind === 'list';
}
