import type { MatrixArgs, MatrixWord } from '../../model/args.ts';
import type { ListFlag, TextFlag } from '../../model/flag.ts';
import { usageError } from '../../model/usage-error.ts';
import { withoutUndefined } from '../../model/without-undefined.ts';
import { defineCommand } from '../command.ts';
import { connectionFlags } from '../flags/connection.ts';
import { allNamespaces, limitFlags, limitsOf } from '../flags/many.ts';
import { reportFlags, reportValues } from '../flags/report.ts';
import {
  hintFor,
  parseTarget,
  selectorFlags,
  selectorText,
  sessionFlags,
  sessionValues,
} from '../flags/target.ts';

const to: ListFlag = {
  name: 'to',
  kind: 'list',
  splits: true,
  value: 'DEST',
  describe:
    'Destinations, as TARGET has them (deploy/db, svc/cache, nodes, pods); default: the sources; repeat it, or separate several by commas',
  completes: 'matrixPlace',
};
const toSelector: TextFlag = {
  name: 'to-selector',
  kind: 'text',
  value: 'SELECTOR',
  describe: 'Destinations by their labels: to --to what -l is to TARGET',
};
const perNode: TextFlag = {
  name: 'per-node',
  kind: 'text',
  value: 'N',
  describe: 'Of each node at most N pods, on both sides',
};
const maxPairs = {
  name: 'max-pairs',
  kind: 'text',
  value: 'N',
  default: '2500',
  describe: 'Of more pairs, measure a sample of N in which all sources and destinations have as many',
} as const satisfies TextFlag;
const everywhere = { ...allNamespaces, describe: 'Pods of -l, --to-selector and "pods" in all namespaces' };

export const matrix = defineCommand<MatrixArgs>({
  name: 'matrix',
  summary: 'Probe all pairs of pods, nodes and Services, and name the pattern of what fails',
  details: `TARGET is pods or nodes (all of them), a pod, node/NAME, all pods of deploy/NAME and the like, or svc/NAME: its
address, a destination alone. Each source is opened once and probes all its destinations in one exec: ICMP, a TCP port that
the destination declares (else one where nobody listens, whose refusal counts as reached), UDP, and a full-size packet, by
IPv4 and IPv6 where both ends have both; its own name server and the Service kubernetes too.`,
  synopsis: 'TARGET… [--to DEST…]',
  examples: [
    { comment: 'From every node to every node', line: 'matrix nodes' },
    { comment: 'One pod of each node to one of each other node', line: 'matrix pods -A --per-node 1' },
    { comment: 'From the pods of web to those of db', line: 'matrix -l app=web --to-selector app=db' },
    {
      comment: 'Between the pods of two workloads, and from both to a Service',
      line: 'matrix deploy/web deploy/db svc/cache',
    },
  ],
  flags: [
    to,
    toSelector,
    ...selectorFlags,
    everywhere,
    perNode,
    maxPairs,
    ...limitFlags,
    ...sessionFlags,
    ...reportFlags,
  ],
  takesTarget: true,
  takesTargets: true,
  completesWord: 'matrixPlace',
  toArgs: (values) => {
    const asked = sides(values.list(to), values.text(toSelector), '--to-selector SELECTOR');
    const from = sides(values.words, selectorText(values), '-l SELECTOR');
    if (from.length === 0) throw usageError('matrix needs sources: pods, nodes, TARGET… or -l SELECTOR');
    if (from.every(({ kind }) => kind === 'service'))
      throw usageError('a Service can only be a destination: matrix needs pods or nodes as sources');
    const range = { least: 1, most: 1_000_000, whole: true };
    return withoutUndefined({
      connection: connectionFlags(values),
      session: sessionValues(values),
      report: reportValues(values, 'matrix'),
      from,
      to: asked.length === 0 ? undefined : asked,
      allNamespaces: values.isOn(everywhere),
      perNode:
        values.text(perNode) === undefined ? undefined : values.number({ ...perNode, default: '1' }, range),
      mostPairs: values.number(maxPairs, range),
      limits: limitsOf(values),
    });
  },
  load: async () => (await import('../../commands/matrix.ts')).runMatrix,
});

/** The words of one side, and the selector that stands beside or in place of them. */
function sides(words: readonly string[], selector: string | undefined, flag: string): MatrixWord[] {
  const stray = words.find((word) => word === '-l' || word.includes('='));
  if (stray !== undefined) throw usageError(`"${stray}" is not a place: labels are chosen with ${flag}`);
  const hint = words.length > 1 ? hintFor(words) : undefined;
  // "pods" and "nodes" are words of their own here.
  if (hint !== undefined && !['pods', 'nodes'].includes(words[0] ?? ''))
    throw usageError(`"${words[0]}" is a kind and no TARGET`, hint);
  return [...words.map(wordOf), ...(selector === undefined ? [] : [{ kind: 'selector', selector } as const])];
}

/** @throws UserError with exit code 2 */
function wordOf(text: string): MatrixWord {
  if (text === '') throw usageError('a TARGET is empty');
  if (text === 'pods' || text === 'nodes') return { kind: text };
  const [, name, namespace] = /^(?:svc|services?)\/([^/.]+)(?:\.([^/.]+))?$/.exec(text) ?? [];
  if (name !== undefined) return { kind: 'service', name, ...(namespace === undefined ? {} : { namespace }) };
  const target = parseTarget(text);
  switch (target.kind) {
    case 'name':
    case 'selector':
    case 'node':
      return target;
    default:
      throw usageError(`matrix looks at what is in a cluster: pods, nodes and Services, not "${text}"`);
  }
}
