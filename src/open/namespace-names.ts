/** Puts names to the uids of pods and the ids of containers in a list of namespaces, as the API knows them. Pure. */
import type { Pod } from '../model/kube-objects.ts';
import type { NamespaceContainer, NamespacePod, NetworkNamespace } from '../model/namespaces.ts';

/** A static pod's folders carry the hash of its manifest, not the uid that its mirror has in the API. */
const STATIC_UID = 'kubernetes.io/config.hash';

/** The list with the pods' names, their containers', and in the machine's own namespace the pods of its network. */
export function namedByApi(
  namespaces: readonly NetworkNamespace[],
  pods: readonly Pod[],
): NetworkNamespace[] {
  const byUid = new Map(pods.flatMap((pod) => uidsOf(pod).map((uid) => [uid, identity(uid, pod)] as const)));
  const names = new Map(pods.flatMap(containerNames));
  const onHost = pods.flatMap((pod) => {
    const [uid] = uidsOf(pod);
    return pod.spec?.hostNetwork === true && uid !== undefined ? [identity(uid, pod)] : [];
  });
  return namespaces.map((one) => ({
    ...one,
    pods: one.kind === 'host' ? onHost : one.pods.map((pod) => byUid.get(pod.uid) ?? pod),
    containers: one.containers.map((container) => named(container, names.get(container.id))),
  }));
}

/** The list with the names that a container engine gave. @param names by the container's id */
export function namedByEngine(
  namespaces: readonly NetworkNamespace[],
  names: ReadonlyMap<string, string>,
): NetworkNamespace[] {
  return namespaces.map((one) => ({
    ...one,
    containers: one.containers.map((container) => named(container, names.get(container.id))),
  }));
}

function named(container: NamespaceContainer, name: string | undefined): NamespaceContainer {
  return name === undefined ? container : { ...container, name };
}

function uidsOf({ metadata }: Pod): string[] {
  return [metadata?.uid, metadata?.annotations?.[STATIC_UID]].filter((uid) => uid !== undefined);
}

function identity(uid: string, { metadata }: Pod): NamespacePod {
  return { uid, namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' };
}

/** `containerd://ID` */
function containerNames({ status }: Pod): [string, string][] {
  const all = [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ];
  return all.flatMap(({ name, containerID }): [string, string][] => {
    const id = containerID?.split('://')[1];
    return id === undefined ? [] : [[id, name]];
  });
}
