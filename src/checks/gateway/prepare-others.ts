/** Which kinds of objects, besides those that this check follows, may lead a request. */
import type { ClusterView } from '../../model/cluster-view.ts';

/** Kinds by their names, each once; one that may not be read, or not whole, is among them. */
export async function otherKinds(cluster: ClusterView, host: string): Promise<readonly string[]> {
  const all = await cluster.otherRoutes();
  return all
    .filter(({ found }) => !found.value?.isWhole || found.value.items.some((one) => mayTake(one, host)))
    .map(({ kind }) => kind);
}

/**
 * Each kind names hosts in a language of its own, so the words are looked at: the host itself, a wildcard that it is under,
 * a pattern, or no host at all.
 */
function mayTake(object: object, host: string): boolean {
  const { spec = object } = object as { readonly spec?: object };
  const text = JSON.stringify(spec).toLowerCase();
  const parents = host.split('.').map((_label, i, labels) => `*.${labels.slice(i + 1).join('.')}`);
  return (
    [host, '"*"', 'hostregexp', ...parents.slice(0, -1)].some((words) => text.includes(words)) ||
    !/host|fqdn/.test(text)
  );
}
