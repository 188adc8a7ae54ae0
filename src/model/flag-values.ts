/** What a command line says for flags; whoever declares a flag reads it through this. */
import type { ListFlag, NumberRange, SwitchFlag, TextFlag } from './flag.ts';

/** All but `text` and `isOn` throw a UserError with exit code 2 for a value that makes no sense. */
export interface FlagValues {
  /** The flag's value, else what is set elsewhere, else its default; `undefined` for none and for an empty one. */
  text(flag: TextFlag): string | undefined;
  list(flag: ListFlag): string[];
  isOn(flag: SwitchFlag): boolean;
  optionalChoice<T extends string>(flag: TextFlag & { readonly choices: readonly T[] }): T | undefined;
  /** Milliseconds. */
  duration(flag: TextFlag & { readonly default: string }, least?: number): number;
  optionalDuration(flag: TextFlag, least?: number): number | undefined;
  number(flag: TextFlag, range: NumberRange): number;
}
