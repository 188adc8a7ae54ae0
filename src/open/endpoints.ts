/** Which targets a test is measured from. */
import type { KubeClient } from '../kube/client.ts';
import type { ConnectionFlags, TargetSpec } from '../model/args.ts';
import type { Endpoints } from '../model/network-test.ts';
import { connectionIn, type Sharing } from './connect.ts';
import { type ListedTarget, listTargets } from './many-targets.ts';

/** What finding them takes. */
export interface Finding {
  readonly connection: ConnectionFlags;
  readonly shared: Sharing;
  readonly signal: AbortSignal;
  /** TARGET as the command line reads it. */
  targetOf(text: string): TargetSpec;
}

/** A client for the namespace; absent: that of the connection. */
export function clientIn(
  { connection, shared, signal }: Finding,
  namespace: string | undefined,
): Promise<KubeClient> {
  return shared.connect(connectionIn(connection, namespace), signal);
}

/** What a pod target of a test is in the words of the command line. */
export function specOf(
  places: Exclude<Endpoints, { readonly kind: 'nodes' }>,
  { targetOf }: Pick<Finding, 'targetOf'>,
): TargetSpec {
  return places.kind === 'selector'
    ? { kind: 'selector', selector: places.selector }
    : targetOf(places.target);
}

/**
 * All that the test names, each once.
 * @param namespace where the file's pods are; absent: in the namespace of the connection
 * @throws {UserError} exit 2 or 3: there is no such thing
 */
export async function sourcesOf(
  from: Endpoints,
  namespace: string | undefined,
  finding: Finding,
): Promise<readonly ListedTarget[]> {
  if (from.kind === 'nodes') {
    if (from.names !== undefined)
      return from.names.map((name): ListedTarget => ({ spec: { kind: 'node', name } }));
    return list({ named: [], every: false, nodes: true }, namespace, finding);
  }
  const where = from.namespace ?? namespace;
  const spec = specOf(from, finding);
  if (from.every) return list({ named: [spec], every: true, nodes: false }, where, finding);
  return [{ spec, ...(where === undefined ? {} : { namespace: where }) }];
}

function list(
  what: { readonly named: readonly TargetSpec[]; readonly every: boolean; readonly nodes: boolean },
  namespace: string | undefined,
  finding: Finding,
): Promise<ListedTarget[]> {
  const limits = { allNamespaces: false, atOnce: 1, most: Number.POSITIVE_INFINITY, isSure: true };
  return listTargets({ ...what, ...limits }, () => clientIn(finding, namespace), finding.signal);
}
