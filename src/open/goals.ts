/** Where a test goes to, as the DESTs that the checks take. */

import { declaredPorts } from '../cluster/pod-ports.ts';
import type { MatrixWord } from '../model/args.ts';
import { UserError } from '../model/errors.ts';
import { CLOSED_PORT } from '../model/matrix.ts';
import type { Endpoints } from '../model/network-test.ts';
import { bracketed } from '../model/socket-address.ts';
import { identityOf } from '../targets/identity.ts';
import { isPodTarget } from '../targets/resolve.ts';
import { targetPod } from '../targets/target-pod.ts';
import { clientIn, type Finding, specOf } from './endpoints.ts';
import { matrixPlaces } from './matrix-places.ts';
import type { Surveyed } from './survey.ts';

/** One destination of a test. */
export interface FoundGoal {
  readonly dest: string;
  /** What the report calls it. */
  readonly shown: string;
}

/** A place as far as a DEST is made of it. */
export interface Place {
  readonly kind: 'pod' | 'node' | 'service';
  readonly name: string;
  readonly namespace?: string;
  readonly address: string | undefined;
  /** The first that it declares. */
  readonly declared?: string;
}

/** Those of the places that are not the source itself. @throws {UserError} exit 3: one has no address */
export function goalsAt(
  places: readonly Place[],
  port: string | undefined,
  { subject, target }: Surveyed,
): readonly FoundGoal[] {
  const isSource = ({ kind, name, namespace }: Place): boolean =>
    kind === 'node'
      ? target.spec.kind === 'node' && target.spec.name === name
      : subject.pod?.metadata?.name === name && subject.pod.metadata.namespace === namespace;
  return places.filter((one) => !isSource(one)).map((one) => found(one, port, subject.cluster?.namespace));
}

function found(place: Place, port: string | undefined, own: string | undefined): FoundGoal {
  const { kind, name, namespace, address, declared } = place;
  const shown = `${kind}/${name}${port === undefined ? '' : `:${port}`}${namespace === undefined || namespace === own ? '' : ` in ${namespace}`}`;
  const end = port === undefined ? '' : `:${port}`;
  if (kind === 'pod' && namespace === own) return { dest: `pod/${name}${end}`, shown };
  if (address === undefined) throw new UserError(`${kind}/${name} has no address yet.`, 3);
  const other = end === '' && declared !== undefined ? `:${declared}` : end;
  return { dest: `${bracketed(address)}${other}`, shown };
}

/**
 * All that the goal names.
 * @param namespace as of `sourcesOf`
 * @throws {UserError} exit 2 or 3: there is no such thing
 */
export async function placesOf(
  places: Endpoints,
  namespace: string | undefined,
  finding: Finding,
): Promise<readonly Place[]> {
  const { signal } = finding;
  if (places.kind === 'nodes') {
    const names = places.names?.map((name): MatrixWord => ({ kind: 'node', name }));
    return all(names ?? [{ kind: 'nodes' }], undefined, finding);
  }
  const where = places.namespace ?? namespace;
  const spec = specOf(places, finding);
  if (spec.kind === 'node') return all([spec], undefined, finding);
  if (!isPodTarget(spec))
    throw new UserError('a destination is a pod, a node or a Service of the cluster, or a host.', 2);
  if (places.every) return all([spec], where, finding);
  const pod = await targetPod(await clientIn(finding, where), spec, signal);
  const identity = identityOf(pod);
  const declared = declaredPorts(pod).find(({ protocol }) => protocol === 'TCP')?.port;
  return [
    {
      kind: 'pod',
      name: identity.name,
      namespace: identity.namespace,
      address: pod.status?.podIP,
      ...(declared === undefined ? {} : { declared: String(declared) }),
    },
  ];
}

async function all(
  words: readonly MatrixWord[],
  namespace: string | undefined,
  finding: Finding,
): Promise<readonly Place[]> {
  const client = await clientIn(finding, namespace);
  const places = await matrixPlaces(client, words, { allNamespaces: false }, finding.signal);
  return places.map(({ kind, name, namespace: where, addresses, tcpPort }) => ({
    kind,
    name,
    ...(where === undefined ? {} : { namespace: where }),
    address: addresses[0]?.host,
    // Of a node it would be the kubelet's, which is nobody's business here.
    ...(kind === 'node' || tcpPort === CLOSED_PORT ? {} : { declared: tcpPort }),
  }));
}
