/** Containers of the target, and of pods among DESTs, that end by a variable of a Service. */
import { declaredPorts } from '../../cluster/pod-ports.ts';
import type { ClusterView } from '../../model/cluster-view.ts';
import type { Destination } from '../../model/destination.ts';
import type { Pod } from '../../model/kube-objects.ts';
import { linkTrouble } from '../shared/prepare-service-links.ts';
import type { ExpectedPort, LabelledLink, SocketsInput } from './facts.ts';

/** As part of the input. @param own the target, where it is a pod @param expected on which ports it should listen */
export async function misreadLinks(
  cluster: ClusterView,
  own: Pod | undefined,
  expected: readonly ExpectedPort[],
  asked: readonly Destination[],
): Promise<Pick<SocketsInput, 'misread'>> {
  const found = await Promise.all([
    own === undefined ? [] : ofTarget(cluster, own, expected),
    ...asked.map((one) => ofDestination(cluster, one)),
  ]);
  const misread = found.flat();
  return misread.length === 0 ? {} : { misread };
}

/** It is called by the Service that sends there, as a port on which nobody listens is. */
async function ofTarget(
  cluster: ClusterView,
  pod: Pod,
  expected: readonly ExpectedPort[],
): Promise<LabelledLink[]> {
  const { misread } = await linkTrouble(cluster, [pod]);
  const label = expected.find(({ by }) => by === 'service')?.name ?? `pod/${pod.metadata?.name}`;
  return misread === undefined ? [] : [{ ...misread, label }];
}

async function ofDestination(
  cluster: ClusterView,
  { ref, label, port }: Destination,
): Promise<LabelledLink[]> {
  if (ref?.kind !== 'pod' || ref.name === undefined) return [];
  const pod = (await cluster.pod(ref.namespace, ref.name)).value;
  if (!pod) return [];
  // Another container may serve the port all the same; without those that come first, none does.
  const servers = declaredPorts(pod).filter((one) => String(one.port) === port);
  const others = (pod.spec?.containers ?? []).filter(
    ({ name }) => servers.length > 0 && !servers.some((one) => one.container === name),
  );
  const isMeant = (container: string): boolean => !others.some(({ name }) => name === container);
  const { misread } = await linkTrouble(cluster, [pod], isMeant);
  return misread === undefined ? [] : [{ ...misread, label }];
}
