/** The targets of a command on many, so that nobody runs it on a whole cluster by mistake. */
import type { ConnectionFlags, ManyTargets, SessionFlags } from '../model/args.ts';
import { UserError } from '../model/errors.ts';
import type { Progress } from '../model/progress.ts';
import { type Sharing, sharing } from '../open/connect.ts';
import { withDeadline } from '../open/deadline.ts';
import { type ListedTarget, listTargets } from '../open/many-targets.ts';
import { isInShard, shardKey } from '../open/shard.ts';
import { targetName } from '../open/target-name.ts';

/**
 * All that is meant, and what they share.
 * @throws {UserError} exit 2 or 3: there is no target at all, or more than the user has agreed to
 */
export async function chosenTargets(
  many: ManyTargets,
  { connection, session }: { readonly connection: ConnectionFlags; readonly session: SessionFlags },
  signal: AbortSignal,
  progress: Progress,
): Promise<{ readonly targets: readonly ListedTarget[]; readonly shared: Sharing }> {
  const shared = sharing(connection, signal);
  const targets = await withDeadline(session, signal, progress, (deadline) => {
    deadline.progress.show('looking for targets');
    return listTargets(many, () => shared.connect(connection, deadline.signal), deadline.signal);
  });
  refuseTooMany(targets, many);
  return { targets: targets.filter((one) => isInShard(shardKey(one), many.shard)), shared };
}

/** @throws {UserError} exit 2: more than the user has agreed to, with what would be done to them */
export function refuseTooMany(
  targets: readonly ListedTarget[],
  { most, atOnce, isSure }: Pick<ManyTargets, 'most' | 'atOnce' | 'isSure'>,
): void {
  if (targets.length <= most || isSure) return;
  throw new UserError(
    `this selects ${targets.length} targets (${placesText(targets)}), but --max-targets allows ${most}; nothing was done.`,
    2,
    {
      hint: `With --yes it ${actions(targets)}, ${atOnce} at a time. --max-targets N sets another limit.`,
    },
  );
}

function placesText(targets: readonly ListedTarget[]): string {
  const pods = targets.filter(({ spec }) => spec.kind === 'name');
  if (pods.length < targets.length) return 'nodes or others among them';
  const namespaces = new Set(pods.map(({ namespace }) => namespace)).size;
  const nodes = new Set(pods.flatMap(({ node }) => node ?? [])).size;
  const count = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;
  return `pods in ${count(namespaces, 'namespace')} on ${count(nodes, 'node')}`;
}

function actions(targets: readonly ListedTarget[]): string {
  const kinds = new Set(targets.map(({ spec }) => spec.kind));
  if (kinds.size === 1 && kinds.has('node')) return 'makes a pod on each node, and removes it again';
  return kinds.has('node')
    ? 'adds an ephemeral container to each pod and makes a pod on each node'
    : 'adds an ephemeral container to each pod that has none yet, whose entry stays in its spec';
}

/** As the target is typed; with its namespace where there are several. */
export function targetLabel(target: ListedTarget, all: readonly ListedTarget[]): string {
  const name = targetName(target);
  const { namespace } = target;
  const differs = namespace !== undefined && all.some((one) => one.namespace !== namespace);
  return differs ? `${namespace}/${name.replace(/^pod\//, '')}` : name;
}
