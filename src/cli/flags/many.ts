import type { ManyTargets, Shard, TargetChoice, TargetSpec } from '../../model/args.ts';
import type { Flag, SwitchFlag, TextFlag } from '../../model/flag.ts';
import { usageError } from '../../model/usage-error.ts';
import type { Values } from '../values.ts';
import { exclusive } from './connection.ts';
import { hintFor, noTarget, parseTarget, selectorText } from './target.ts';

export const allNamespaces: SwitchFlag = {
  name: 'all-namespaces',
  short: 'A',
  kind: 'switch',
  describe: 'In all namespaces',
};
const allNamespacesOfMany: SwitchFlag = {
  ...allNamespaces,
  describe: 'All pods that -l SELECTOR matches in all namespaces; without -l, every pod of the cluster',
};
const all: SwitchFlag = {
  name: 'all',
  kind: 'switch',
  describe: 'All pods of TARGET or -l instead of one that is ready; without either, all of the namespace',
};
const allNodes: SwitchFlag = {
  name: 'all-nodes',
  kind: 'switch',
  describe: 'Every node of the cluster, instead of TARGET',
};
const parallel = {
  name: 'parallel',
  kind: 'text',
  value: 'N',
  default: '8',
  describe: 'How many TARGETs to look into at the same time',
} as const satisfies TextFlag;
const maxTargets = {
  name: 'max-targets',
  kind: 'text',
  value: 'N',
  default: '100',
  describe: 'Refuse more TARGETs than this without --yes',
} as const satisfies TextFlag;
const yes: SwitchFlag = {
  name: 'yes',
  kind: 'switch',
  describe: 'Allow more TARGETs than --max-targets',
};

const shard: TextFlag = {
  name: 'shard',
  kind: 'text',
  value: 'I/N',
  describe: 'Of all TARGETs only the I-th of N parts; a target is always in the same part',
};

/** How many at once, and how many at all. */
export const limitFlags: readonly Flag[] = [parallel, maxTargets, yes, shard];

/** Flags of commands that take many targets. */
export const manyFlags: readonly Flag[] = [all, allNamespacesOfMany, allNodes, ...limitFlags];

/** What tells a command line's result from another's of the same command: what it looks at, as it was typed. */
export function aboutOf(values: Values): string {
  const selector = selectorText(values);
  return [
    ...values.words,
    ...(selector === undefined ? [] : [`-l ${selector}`]),
    ...[allNodes, allNamespaces].filter((flag) => values.isOn(flag)).map(({ name }) => `--${name}`),
    ...(values.text(shard) === undefined ? [] : [`--shard ${values.text(shard)}`]),
  ].join(' ');
}

/** How a command takes its words. */
interface Taking {
  /** Those after the first TARGET are names to look at: it takes one TARGET, or what a flag says. */
  readonly takesNames?: boolean;
  /** Two at once would disturb each other's measurement. */
  readonly oneAtATime?: boolean;
}

/**
 * What the words and flags say to look at, and the words that are not TARGETs.
 * @throws UserError with exit code 2
 */
export function targetChoice(
  command: string,
  values: Values,
  { takesNames = false, oneAtATime = false }: Taking = {},
): { readonly choice: TargetChoice; readonly names: readonly string[] } {
  const selector = selectorText(values);
  const everywhere = values.isOn(allNamespacesOfMany);
  const nodes = values.isOn(allNodes);
  const every = values.isOn(all) || everywhere;
  if (nodes && (every || selector !== undefined)) {
    throw exclusive('--all-nodes', everywhere ? '-A' : every ? '--all' : '-l SELECTOR');
  }
  const isChosen = selector !== undefined || everywhere || nodes;
  const { words } = values;
  const own = takesNames ? words.slice(0, isChosen ? 0 : 1) : words;
  const names = words.slice(own.length);
  if (isChosen && own.length > 0) {
    throw exclusive('a TARGET', selector !== undefined ? '-l SELECTOR' : nodes ? '--all-nodes' : '-A');
  }
  if (own.includes('')) throw takesNames ? noTarget(command) : usageError('the TARGET is empty');
  const hint = hintFor(own);
  if (own.length > 1 && hint !== undefined) throw usageError(`"${own[0]}" is a kind, not a TARGET`, hint);
  const twice = own.find((name, i) => own.indexOf(name) !== i);
  if (twice !== undefined) throw usageError(`TARGET ${twice} is given twice`);
  const named = namedTargets(own, selector, every);
  const [target] = named;
  if (!every && !nodes && named.length < 2) {
    if (target === undefined) throw noTarget(command);
    if (shardOf(values) !== undefined) throw usageError('--shard is for several TARGETs');
    return { choice: { target }, names };
  }
  const limits = limitsOf(values);
  const many: ManyTargets = {
    named,
    every,
    allNamespaces: everywhere,
    nodes,
    ...limits,
    atOnce: oneAtATime ? 1 : limits.atOnce,
  };
  return { choice: { many }, names };
}

/** What {@link limitFlags} say. @throws UserError with exit code 2 */
export function limitsOf(values: Values): Pick<ManyTargets, 'atOnce' | 'most' | 'isSure' | 'shard'> {
  const part = shardOf(values);
  const range = { least: 1, most: 1_000_000, whole: true };
  return {
    atOnce: values.number(parallel, { ...range, most: 1000 }),
    most: values.number(maxTargets, range),
    isSure: values.isOn(yes),
    ...(part === undefined ? {} : { shard: part }),
  };
}

function shardOf(values: Values): Shard | undefined {
  const text = values.text(shard);
  if (text === undefined) return undefined;
  const [, place = '', of = ''] = /^(\d{1,5})\/(\d{1,5})$/.exec(text) ?? [];
  const [number, count] = [Number(place), Number(of)];
  if (number < 1 || number > count) throw usageError(`--shard must be I/N, such as 1/3, not "${text}"`);
  return { index: number - 1, count };
}

function namedTargets(
  words: readonly string[],
  selector: string | undefined,
  every: boolean,
): readonly TargetSpec[] {
  if (selector !== undefined) return [{ kind: 'selector', selector }];
  if (words.length === 0 && every) return [{ kind: 'selector', selector: '' }];
  return words.map(parseTarget);
}

/** The targets of a choice, as far as the command line says what they are. */
export function targetsIn(choice: TargetChoice): readonly TargetSpec[] {
  return 'many' in choice ? choice.many.named : [choice.target];
}
