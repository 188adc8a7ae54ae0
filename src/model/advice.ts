/**
 * What to do about something: text with commands in it. A command stays a value until it is shown, where the target and the
 * cluster that the user chose are known: pasted without them it would act on whatever the current context is. Pure.
 */
import { type ClusterChoice, clusterFlags } from './cluster-choice.ts';
import { shellWord } from './shell-word.ts';

/** What a command names and only who shows it knows. */
export interface Blank {
  readonly blank: 'target' | 'pod' | 'node';
}

/** The target, in the words of the command line. */
export const TARGET: Blank = { blank: 'target' };
/** The target, where it is a pod, for kubectl's own commands. */
export const POD: Blank = { blank: 'pod' };
/** The node of the target, as a TARGET. */
export const NODE: Blank = { blank: 'node' };

/** A command that can be pasted into a shell once its blanks are filled in. */
export interface Command {
  /** `kubectl` takes the flags of the cluster before its words, `nettools` after its verb, `verbatim` takes none. */
  readonly program: 'kubectl' | 'nettools' | 'verbatim';
  readonly words: readonly (string | Blank)[];
}

/** One sentence or more; each line after the first is a command. Text alone is a string. */
export type Advice = string | readonly (string | Command)[];

/** What fills the blanks. What is absent stays a word in capitals, for people to fill in. */
export interface Whereabouts {
  readonly choice?: ClusterChoice;
  /** With the flags of the cluster. */
  readonly target?: string;
  /** With the flags of the cluster. */
  readonly pod?: string;
  readonly node?: string;
}

type Word = string | number | Blank | readonly string[];

/** Text, with commands and other advice in it. */
export function advice(
  texts: TemplateStringsArray,
  ...values: readonly (Advice | Command | number)[]
): Advice {
  return texts.flatMap((text, at) => {
    const value = values[at];
    if (value === undefined) return [text];
    if (typeof value === 'number') return [text, String(value)];
    return typeof value === 'object' && 'program' in value ? [text, value] : [text, ...value];
  });
}

/** A command of kubectl's own, without its name: kubectl`get pods -n ${namespace}`. Values are quoted. */
export function kubectl(texts: TemplateStringsArray, ...values: readonly Word[]): Command {
  return { program: 'kubectl', words: words(texts, values) };
}

/** A command of this tool, from its verb on: nettools`run ${TARGET} -- ip route`. Values are quoted. */
export function nettools(texts: TemplateStringsArray, ...values: readonly Word[]): Command {
  return { program: 'nettools', words: words(texts, values) };
}

/** A command that no cluster is meant by, or the bare name of one. Values are quoted. */
export function verbatim(texts: TemplateStringsArray, ...values: readonly Word[]): Command {
  return { program: 'verbatim', words: words(texts, values) };
}

/** The advice, to be read and pasted. */
export function adviceText(told: Advice, where: Whereabouts = {}): string {
  if (typeof told === 'string') return told;
  return told.map((part) => (typeof part === 'string' ? part : commandText(part, where))).join('');
}

/** The advice with a place of the cluster where its commands name the target's node. */
export function withNode(told: Advice, node: string): Advice {
  if (typeof told === 'string') return told;
  return told.map((part) =>
    typeof part === 'string'
      ? part
      : { ...part, words: part.words.map((word) => (word === NODE ? shellWord(node) : word)) },
  );
}

function words(texts: TemplateStringsArray, values: readonly Word[]): (string | Blank)[] {
  return texts.flatMap((text, at) => {
    const value = values[at];
    if (value === undefined) return [text];
    if (typeof value === 'object' && 'blank' in value) return [text, value];
    return [text, (typeof value === 'object' ? value : [String(value)]).map(shellWord).join(' ')];
  });
}

function commandText({ program, words: all }: Command, where: Whereabouts): string {
  const line = all.map((word) => (typeof word === 'string' ? word : filled(word, where))).join('');
  if (program === 'verbatim') return line;
  const brings = all.some((word) => typeof word === 'object' && bringsFlags(word, where));
  const flags = brings ? '' : clusterFlags(where.choice ?? {});
  if (program === 'kubectl') return `kubectl${flags} ${line}`;
  const verb = /^(?:(?:netns|sessions) )?[a-z]+/.exec(line)?.[0] ?? '';
  return `kubectl nettools ${verb}${flags}${line.slice(verb.length)}`;
}

function filled({ blank }: Blank, where: Whereabouts): string {
  return where[blank] ?? { target: 'TARGET', pod: 'POD', node: 'node/NODE' }[blank];
}

function bringsFlags({ blank }: Blank, where: Whereabouts): boolean {
  return blank !== 'node' && where[blank] !== undefined;
}
