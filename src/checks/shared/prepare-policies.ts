/** NetworkPolicies and what they match against, as far as the user may read it. */

import type { Subject } from '../../cluster/subject.ts';
import type { KubeClient } from '../../kube/client.ts';
import { ApiError } from '../../kube/errors.ts';
import { namespacedPath, podsPath } from '../../kube/paths.ts';
import type { EndpointSlice, Namespace, Pod, Service } from '../../kube/types.ts';
import type { Destination } from '../../model/destination.ts';
import type { PolicyBackend, PolicyInput } from '../firewall/facts.ts';
import type { NetworkPolicy, PolicyPod } from '../firewall/network-policy.ts';

interface List<T> {
  readonly items: readonly T[];
}

type Unread = PolicyInput['unread'][number];

/**
 * Reads all that decides about the way from the subject to destinations: one round of pods, then one of policies.
 * Outside of a cluster there is nothing to read.
 */
export async function readPolicies(
  { client, pod: self }: Subject,
  destinations: readonly Destination[],
  signal: AbortSignal,
): Promise<PolicyInput> {
  if (!client) return { policies: [], self: hostPolicyPod(), pods: {}, services: [], unread: [] };
  const unread: Unread[] = [];
  const optional = async <T>(what: string, read: Promise<T>): Promise<T | undefined> => {
    try {
      return await read;
    } catch (error) {
      if (!(error instanceof ApiError) || (error.status !== 403 && error.status !== 404)) throw error;
      if (error.status === 403) unread.push({ what, reason: `the user may not read ${what}` });
      return undefined;
    }
  };
  const own = self?.metadata?.namespace;
  const reader: Reader = { client, namespace: own ?? client.namespace, optional, signal };
  const behind = await Promise.all(destinations.map((d) => podsBehind(reader, d)));
  const namespaces = [
    ...new Set([
      ...(own === undefined ? [] : [own]),
      ...behind.flatMap((b) => b.pods.flatMap(({ pod }) => pod.metadata?.namespace ?? [])),
    ]),
  ];
  const [policies, labels] = await Promise.all([
    Promise.all(
      namespaces.map((namespace) =>
        optional(
          `NetworkPolicies of namespace ${namespace}`,
          client.get<List<NetworkPolicyObject>>(
            namespacedPath('apis/networking.k8s.io/v1', namespace, 'networkpolicies'),
            { signal },
          ),
        ),
      ),
    ),
    Promise.all(
      namespaces.map((namespace) =>
        optional(
          `labels of namespace ${namespace}`,
          client.get<Namespace>(`/api/v1/namespaces/${encodeURIComponent(namespace)}`, { signal }),
        ),
      ),
    ),
  ]);
  const items = policies.flatMap((list) => (list?.items ?? []).map(networkPolicy));
  const asPolicyPod = (pod: Pod): PolicyPod =>
    policyPod(pod, labels[namespaces.indexOf(pod.metadata?.namespace ?? '')]?.metadata?.labels);
  return {
    policies: items,
    self: self ? asPolicyPod(self) : hostPolicyPod(),
    pods: backends(destinations, behind, asPolicyPod),
    services: destinations.filter((_d, i) => behind[i]?.isService).map(({ id }) => id),
    // Labels of namespaces are no loss where no policy asks for them.
    unread: unread.filter(({ what }) => !what.startsWith('labels ') || items.some(asksForNamespaces)),
  };
}

/** A host as policies see it: they apply to none. */
export function hostPolicyPod(): PolicyPod {
  return { namespace: '', name: '', labels: {}, ports: [], hostNetwork: true };
}

/** How the API is asked: what may not be read is noted, and absent. */
interface Reader {
  readonly client: KubeClient;
  /** Of the target. */
  readonly namespace: string;
  readonly optional: <T>(what: string, read: Promise<T>) => Promise<T | undefined>;
  readonly signal: AbortSignal;
}

/** Who may answer at a destination. */
interface Behind {
  readonly isService: boolean;
  readonly pods: readonly { readonly pod: Pod; readonly address: string; readonly port: number }[];
}

const NOBODY: Behind = { isService: false, pods: [] };
/** A Service of many endpoints is sampled. */
const MAX_PODS = 8;

async function podsBehind(reader: Reader, destination: Destination): Promise<Behind> {
  const { client, optional, signal } = reader;
  const { pod: known, host, port, service } = destination;
  if (known) {
    const path = podsPath(known.namespace, known.name);
    const pod = await optional(`pod ${known.namespace}/${known.name}`, client.get<Pod>(path, { signal }));
    return { isService: false, pods: pod ? [{ pod, address: host, port: Number(port) }] : [] };
  }
  // Its endpoints are destinations of their own.
  if (service) return NOBODY;
  const isAddress = /^[\d.]+$|:/.test(host);
  if (isAddress) {
    const pod = await podWithAddress(reader, host);
    if (pod) return { isService: false, pods: [{ pod, address: host, port: Number(port) }] };
  }
  const found = isAddress ? await serviceWithAddress(reader, host) : await serviceWithName(reader, host);
  return found ? { isService: true, pods: await endpointPods(reader, found, destination) } : NOBODY;
}

/** Pods in a node's network share its address: none of them is the one. */
async function podWithAddress(reader: Reader, address: string): Promise<Pod | undefined> {
  const found = await anywhere<Pod>(reader, 'pods', `status.podIP=${address}`);
  const own = found.filter((p) => p.spec?.hostNetwork !== true && p.status?.phase === 'Running');
  return own.length === 1 ? own[0] : undefined;
}

async function serviceWithAddress(reader: Reader, address: string): Promise<Service | undefined> {
  return (await anywhere<Service>(reader, 'services', `spec.clusterIP=${address}`))[0];
}

/** In all namespaces, or in the target's own where no more may be read. */
async function anywhere<T>(
  { client, namespace, optional, signal }: Reader,
  plural: string,
  fieldSelector: string,
): Promise<readonly T[]> {
  const query = { fieldSelector };
  const everywhere = await optional(
    `${plural} of other namespaces`,
    client.get<List<T>>(`/api/v1/${plural}`, { query, signal }),
  );
  if (everywhere) return everywhere.items;
  const path = namespacedPath('api/v1', namespace, plural);
  return (
    (await optional(`${plural} of namespace ${namespace}`, client.get<List<T>>(path, { query, signal })))
      ?.items ?? []
  );
}

/** `NAME`, `NAME.NAMESPACE` and `NAME.NAMESPACE.svc…` may be names of Services; a longer one is a host's. */
async function serviceWithName(
  { client, namespace, optional, signal }: Reader,
  host: string,
): Promise<Service | undefined> {
  const [name = '', of = namespace, svc = 'svc'] = host.split('.');
  if (svc !== 'svc' || !/^[a-z0-9-]+$/.test(`${name}${of}`)) return undefined;
  const path = namespacedPath('api/v1', of, 'services', name);
  return optional(`service ${of}/${name}`, client.get<Service>(path, { signal }));
}

async function endpointPods(
  { client, optional, signal }: Reader,
  { metadata, spec }: Service,
  destination: Destination,
): Promise<Behind['pods']> {
  const namespace = metadata?.namespace ?? '';
  const wanted = spec?.ports?.find(
    (p) =>
      String(p.port) === destination.port && (p.protocol ?? 'TCP').toLowerCase() === destination.protocol,
  );
  if (!wanted) return [];
  const slices = await optional(
    `endpointslices of namespace ${namespace}`,
    client.get<List<EndpointSlice>>(namespacedPath('apis/discovery.k8s.io/v1', namespace, 'endpointslices'), {
      query: { labelSelector: `kubernetes.io/service-name=${metadata?.name}` },
      signal,
    }),
  );
  const ready = (slices?.items ?? []).flatMap((slice) => {
    const port = slice.ports?.find((p) => (p.name ?? '') === (wanted.name ?? ''))?.port;
    return (slice.endpoints ?? []).flatMap((e) => {
      const [address] = e.addresses;
      const pod = e.targetRef?.kind === 'Pod' ? e.targetRef.name : undefined;
      return e.conditions?.ready === false || !address || !pod || port === undefined
        ? []
        : [{ address, pod, port }];
    });
  });
  const pods = await Promise.all(
    ready.slice(0, MAX_PODS).map(async ({ address, pod: name, port }) => {
      const pod = await optional(
        `pod ${namespace}/${name}`,
        client.get<Pod>(podsPath(namespace, name), { signal }),
      );
      return pod ? [{ pod, address, port }] : [];
    }),
  );
  return pods.flat();
}

/** A Service's address leads to its endpoints, which are destinations of their own. */
function backends(
  destinations: readonly Destination[],
  behind: readonly Behind[],
  asPolicyPod: (pod: Pod) => PolicyPod,
): Record<string, PolicyBackend[]> {
  const direct = behind.map(({ pods }) => pods.map(({ pod, ...end }) => ({ ...end, pod: asPolicyPod(pod) })));
  return Object.fromEntries(
    destinations.flatMap((d, i) => {
      const all =
        d.service?.part === 'virtual'
          ? destinations.flatMap((other, n) =>
              other.service?.part === 'endpoint' && other.service.label === d.service?.label
                ? (direct[n] ?? [])
                : [],
            )
          : (direct[i] ?? []);
      return all.length > 0 ? [[d.id, all]] : [];
    }),
  );
}

/** Whether a policy selects by the labels of namespaces. */
export function asksForNamespaces({ ingress, egress }: NetworkPolicy): boolean {
  return [...(ingress ?? []), ...(egress ?? [])].some((rule) =>
    [...(rule.from ?? []), ...(rule.to ?? [])].some((peer) => peer.namespaceSelector !== undefined),
  );
}

/** A pod as policies see it. */
export function policyPod(
  pod: Pod,
  namespaceLabels: Readonly<Record<string, string>> | undefined,
): PolicyPod {
  const { metadata, spec } = pod;
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  return {
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    labels: metadata?.labels ?? {},
    ...(namespaceLabels === undefined ? {} : { namespaceLabels }),
    ports: containers.flatMap((c) =>
      (c.ports ?? []).flatMap((p) =>
        p.name === undefined ? [] : [{ name: p.name, port: p.containerPort, protocol: p.protocol ?? 'TCP' }],
      ),
    ),
    hostNetwork: spec?.hostNetwork === true,
    ...(spec?.nodeName === undefined ? {} : { node: spec.nodeName }),
  };
}

/** A NetworkPolicy as the API sends it, which is not as client-node types it: there `from` is `_from`. */
export interface NetworkPolicyObject {
  readonly metadata?: { readonly namespace?: string; readonly name?: string };
  readonly spec?: Omit<NetworkPolicy, 'namespace' | 'name'>;
}

/** The part of a policy that decides. */
export function networkPolicy({ metadata, spec }: NetworkPolicyObject): NetworkPolicy {
  return {
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    podSelector: spec?.podSelector ?? {},
    policyTypes: spec?.policyTypes,
    ingress: spec?.ingress,
    egress: spec?.egress,
  };
}
