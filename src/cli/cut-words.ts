import { type Flag, takesValue } from '../model/flag.ts';

/** A command line cut into what it is made of, before anything judges it. */
export interface Words {
  /** What stands before `--`, in order. */
  readonly parts: readonly Part[];
  /** What follows `--`, exactly as typed; undefined when there is no `--`. */
  readonly rest: readonly string[] | undefined;
}

export type Part =
  /** The command's name, its TARGET, or what should not be there. */
  | { readonly kind: 'word'; readonly text: string }
  /** A flag; one that takes a value has none when the line ends before it. */
  | { readonly kind: 'flag'; readonly flag: Flag; readonly value: string | undefined }
  /** Something with a dash that no command knows. */
  | { readonly kind: 'unknown'; readonly text: string };

/**
 * Reads flags as kubectl does (pflag): `--name=x`, `--name x`, `-nx`, `-n=x`, `-n x`, `-vv`; the word after a flag
 * that takes a value is its value whatever it looks like. Never fails: help and completion read half a line with it.
 * @param flags those that may be there; the first one of a name or letter counts
 */
export function cutWords(argv: readonly string[], flags: readonly Flag[]): Words {
  const end = argv.indexOf('--');
  const parts: Part[] = [];
  const queue = end === -1 ? [...argv] : argv.slice(0, end);
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (!word.startsWith('-') || word === '-') parts.push({ kind: 'word', text: word });
    else if (word.startsWith('--')) parts.push(longFlag(word, queue, flags));
    else parts.push(...shortFlags(word, queue, flags));
  }
  return { parts, rest: end === -1 ? undefined : argv.slice(end + 1) };
}

/** The words that are not flags. */
export function plainWords({ parts }: Words): string[] {
  return parts.flatMap((part) => (part.kind === 'word' ? [part.text] : []));
}

function longFlag(word: string, queue: string[], flags: readonly Flag[]): Part {
  const [name = '', ...value] = word.slice(2).split('=');
  const flag = flags.find((one) => one.name === name);
  if (flag === undefined) return { kind: 'unknown', text: word };
  return { kind: 'flag', flag, value: value.length > 0 ? value.join('=') : nextValue(flag, queue) };
}

/** `-it` is two flags; the letters after one that takes a value are its value. */
function shortFlags(word: string, queue: string[], flags: readonly Flag[]): Part[] {
  const parts: Part[] = [];
  for (let i = 1; i < word.length; i++) {
    const flag = flags.find((one) => one.short === word[i]);
    if (flag === undefined) return [...parts, { kind: 'unknown', text: `-${word.slice(i)}` }];
    const attached = word.slice(i + 1).replace(/^=/, '');
    const isValue =
      takesValue(flag) || word[i + 1] === '=' || (flag.kind === 'count' && /^\d+$/.test(attached));
    if (i + 1 < word.length && isValue) return [...parts, { kind: 'flag', flag, value: attached }];
    parts.push({ kind: 'flag', flag, value: i + 1 < word.length ? undefined : nextValue(flag, queue) });
  }
  return parts;
}

function nextValue(flag: Flag, queue: string[]): string | undefined {
  if (takesValue(flag)) return queue.shift();
  // kubectl's -v takes its level as a word of its own; a level is nothing that a TARGET would be called.
  return flag.kind === 'count' && /^\d$/.test(queue[0] ?? '') ? queue.shift() : undefined;
}
