/** Which DESTs are pods of a service mesh (Istio) that the target is not of, and what their proxies take. */
import type { Subject } from '../../cluster/subject.ts';
import type { ClusterView } from '../../model/cluster-view.ts';
import type { Destination } from '../../model/destination.ts';
import type { Pod } from '../../model/kube-objects.ts';
import { type MeshWay, modeOf, ROOT_NAMESPACE } from './mesh.ts';

/** Only requests: of another protocol the proxy's end of a connection says nothing. */
export async function meshWays(
  { cluster, pod }: Subject,
  asked: readonly Destination[],
): Promise<Readonly<Record<string, MeshWay>>> {
  // What a pod of the mesh sends, its own proxy makes the mesh's.
  if (cluster === undefined || (pod !== undefined && signOf(pod) !== undefined)) return {};
  const found = await Promise.all(
    asked
      .filter(({ url }) => url !== undefined)
      .map(async (one) => ({ one, way: await wayOf(cluster, behind(one, asked)) })),
  );
  return Object.fromEntries(found.flatMap(({ one, way }) => (way === undefined ? [] : [[one.id, way]])));
}

/** The pod, or one of a Service's: all of them are made alike. */
function behind(one: Destination, asked: readonly Destination[]): Destination {
  const { pod, service } = one;
  if (pod !== undefined || service === undefined) return one;
  return asked.find((other) => other.pod !== undefined && other.service?.label === service.label) ?? one;
}

async function wayOf(cluster: ClusterView, destination: Destination): Promise<MeshWay | undefined> {
  const { port } = destination;
  const pod = await podAt(cluster, destination);
  const sign = pod && signOf(pod);
  if (pod === undefined || sign === undefined || isLeftOut(pod, port)) return undefined;
  const { name = '', namespace = '' } = pod.metadata ?? {};
  const own = { pod: `pod ${name}`, sign, namespace };
  const lists = await Promise.all(
    [...new Set([namespace, ROOT_NAMESPACE])].map((one) => cluster.peerAuthentications(one)),
  );
  const failed = lists.find(({ value }) => value === undefined);
  if (failed !== undefined) {
    const unread = failed.denied === undefined ? (failed.failed ?? '') : 'you may not read them';
    return { ...own, mode: 'unknown', unread };
  }
  // The mesh is not Istio, whatever the container is called.
  if (lists.some(({ value }) => value === null)) return undefined;
  const policies = lists.flatMap(({ value }) => value ?? []);
  return { ...own, ...modeOf({ namespace, labels: pod.metadata?.labels ?? {}, port }, policies) };
}

/** By its name, or by its address, which is that of no other pod; the same is asked for the policies of both ends. */
async function podAt(cluster: ClusterView, { pod: ref, host }: Destination): Promise<Pod | undefined> {
  if (ref !== undefined) return (await cluster.pod(ref.namespace, ref.name)).value ?? undefined;
  if (!/^[\d.]+$|:/.test(host)) return undefined;
  const all = await cluster.podsAt(host);
  // Who may not list those of all namespaces may perhaps list the target's.
  const pods = all.denied === undefined ? all : await cluster.podsAt(host, cluster.namespace);
  const [found, ...others] = pods.value ?? [];
  return others.length === 0 ? found : undefined;
}

/** What shows that a pod is of the mesh, in words; `undefined`: it is not. */
function signOf({ metadata, spec }: Pod): string | undefined {
  const { annotations = {} } = metadata ?? {};
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  if (containers.some(({ name }) => name === 'istio-proxy')) return 'its container istio-proxy';
  return annotations['ambient.istio.io/redirection'] === 'enabled'
    ? 'its annotation ambient.istio.io/redirection'
    : undefined;
}

/** Ports that the proxy does not take (annotations of Istio). */
function isLeftOut({ metadata }: Pod, port: string): boolean {
  const { annotations = {} } = metadata ?? {};
  const list = (key: string): string[] | undefined =>
    annotations[`traffic.sidecar.istio.io/${key}`]?.split(',').map((one) => one.trim());
  const included = list('includeInboundPorts') ?? ['*'];
  return (
    annotations['sidecar.istio.io/interceptionMode'] === 'NONE' ||
    list('excludeInboundPorts')?.includes(port) === true ||
    !(included.includes('*') || included.includes(port))
  );
}
