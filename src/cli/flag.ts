import type { CompletionKind } from '../model/args.ts';

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

/** A flag that takes one value; given twice, the last one counts, as in kubectl. */
export interface TextFlag extends ValueFlag {
  readonly kind: 'text';
  readonly default?: string;
}

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
