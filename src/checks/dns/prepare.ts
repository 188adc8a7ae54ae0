/** The input of the dns check: the cluster's DNS Service, what stands behind it, and the policies on the way to it. */

import type { InputContext } from '../../cluster/context.ts';
import type { Subject } from '../../cluster/subject.ts';
import type { KubeClient } from '../../kube/client.ts';
import { ApiError } from '../../kube/errors.ts';
import { namespacedPath, podsPath } from '../../kube/paths.ts';
import type { EndpointSlice, Namespace, Pod, Service } from '../../kube/types.ts';
import type { InputOf } from '../../model/check.ts';
import { UserError } from '../../model/errors.ts';
import type { PolicyPod } from '../firewall/network-policy.ts';
import {
  asksForNamespaces,
  hostPolicyPod,
  type NetworkPolicyObject,
  networkPolicy,
  policyPod,
} from '../shared/prepare-policies.ts';
import type check from './check.ts';
import type { DnsEndpoint, DnsInput, DnsService, FromApi, PodDns } from './facts.ts';

/** Where the cluster's DNS lives, by convention of all distributions. */
const DNS_NAMESPACE = 'kube-system';
/** More names at once are a load test. */
const MAX_NAMES = 8;

/** @throws {UserError} exit 2: a word that can be no name, or too many */
export default async function prepare({
  subject,
  args,
  asked,
  signal,
}: InputContext): Promise<InputOf<typeof check>> {
  const names = args.names.map(checkedName);
  if (names.length > MAX_NAMES) {
    throw new UserError(`dns takes ${MAX_NAMES} names at most, and got ${names.length}.`, 2);
  }
  const destinations = [...new Set(asked.map((d) => d.host).filter(isName))].filter(
    (n) => !names.includes(n),
  );
  const { client } = subject;
  const services = client ? await dnsServices(client, signal) : { value: [] };
  const input: DnsInput = {
    names,
    destinations: destinations.slice(0, MAX_NAMES - names.length),
    pod: podDns(subject),
    ...(client ? await policiesFor(client, subject, services, signal) : outsideCluster()),
  };
  return input;
}

/** Letters, digits, hyphens and underscores in labels, as names of hosts and Services are; `*` for a wildcard. */
const NAME = /^(?=.{1,253}\.?$)[a-z0-9_*]([a-z0-9_*-]{0,62})(\.[a-z0-9_*-]{1,63})*\.?$/i;

function isName(text: string): boolean {
  return NAME.test(text) && !/^[\d.]+$/.test(text);
}

function checkedName(text: string): string {
  if (isName(text)) return text;
  throw new UserError(`"${text}" is not a name to look up.`, 2, {
    hint: 'Names consist of letters, digits, hyphens, underscores and dots; write others in their ASCII form (xn--…).',
  });
}

function podDns({ pod, isHost, addresses }: Subject): PodDns {
  return {
    // Whoever is no pod has the resolv.conf of its machine, which is what the policy Default gives.
    policy: pod ? (pod.spec?.dnsPolicy ?? 'ClusterFirst') : 'Default',
    hostNetwork: isHost,
    configServers: pod?.spec?.dnsConfig?.nameservers ?? [],
    addresses,
  };
}

/** Neither a Service nor a policy stands between the subject and its name servers. */
function outsideCluster(): Pick<DnsInput, 'services' | 'policies'> {
  return {
    services: { value: [] },
    policies: { value: { from: { address: '', pod: hostPolicyPod() }, policies: [] } },
  };
}

/** Without the right to read something, that part is absent. */
async function readable<T>(what: string, read: Promise<T>): Promise<FromApi<T>> {
  try {
    return { value: await read };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 403) return { skipped: `you may not read ${what}` };
    if (error.status === 404) return { skipped: `the API has no ${what}` };
    throw error;
  }
}

interface List<T> {
  readonly items: readonly T[];
}

interface Found {
  readonly service: Service;
  readonly slices: readonly EndpointSlice[];
}

/** The Services that listen on port 53, each with its slices. */
async function dnsServices(client: KubeClient, signal: AbortSignal): Promise<FromApi<readonly Found[]>> {
  const path = (api: string, plural: string): string => namespacedPath(api, DNS_NAMESPACE, plural);
  const [services, slices] = await Promise.all([
    readable(
      `Services in ${DNS_NAMESPACE}`,
      client.get<List<Service>>(path('api/v1', 'services'), { signal }),
    ),
    readable(
      `EndpointSlices in ${DNS_NAMESPACE}`,
      client.get<List<EndpointSlice>>(path('apis/discovery.k8s.io/v1', 'endpointslices'), { signal }),
    ),
  ]);
  if (services.value === undefined) return services;
  if (slices.value === undefined) return slices;
  const all = slices.value.items;
  return {
    value: services.value.items
      .filter((s) => s.spec?.ports?.some((p) => p.port === 53 && p.protocol === 'UDP'))
      .map((service) => ({
        service,
        slices: all.filter(
          (s) => s.metadata?.labels?.['kubernetes.io/service-name'] === service.metadata?.name,
        ),
      })),
  };
}

/** The rest hangs on the Services: their pods' labels, and the policies of both namespaces. */
async function policiesFor(
  client: KubeClient,
  { pod, addresses }: Subject,
  found: FromApi<readonly Found[]>,
  signal: AbortSignal,
): Promise<Pick<DnsInput, 'services' | 'policies'>> {
  const namespace = pod?.metadata?.namespace ?? client.namespace;
  const list = (of: string): Promise<List<NetworkPolicyObject>> =>
    client.get(namespacedPath('apis/networking.k8s.io/v1', of, 'networkpolicies'), { signal });
  const namespaceObject = (name: string): Promise<Namespace> =>
    client.get(`/api/v1/namespaces/${encodeURIComponent(name)}`, { signal });
  const [own, theirs, ownNamespace, dnsNamespace, pods] = await Promise.all([
    readable(`NetworkPolicies in ${namespace}`, list(namespace)),
    readable(`NetworkPolicies in ${DNS_NAMESPACE}`, list(DNS_NAMESPACE)),
    readable(`the namespace ${namespace}`, namespaceObject(namespace)),
    readable(`the namespace ${DNS_NAMESPACE}`, namespaceObject(DNS_NAMESPACE)),
    readable(`pods in ${DNS_NAMESPACE}`, client.get<List<Pod>>(podsPath(DNS_NAMESPACE), { signal })),
  ]);
  const services: DnsInput['services'] =
    found.value === undefined
      ? found
      : {
          value: found.value.map((one) =>
            dnsService(one, pods.value?.items ?? [], dnsNamespace.value?.metadata?.labels),
          ),
        };
  if (own.value === undefined) return { services, policies: own };
  const items =
    namespace === DNS_NAMESPACE ? own.value.items : [...own.value.items, ...(theirs.value?.items ?? [])];
  return {
    services,
    policies: {
      value: {
        from: {
          address: addresses[0] ?? '',
          pod: pod ? policyPod(pod, ownNamespace.value?.metadata?.labels) : hostPolicyPod(),
        },
        policies: items.map(networkPolicy),
        unread: [
          ...unread(theirs, "what the DNS servers' own NetworkPolicies say (NT-DNS-008)"),
          ...(items.length > 0
            ? unread(pods, 'labels of the DNS servers that NetworkPolicies select by')
            : []),
          // Labels of namespaces are no loss where no policy asks for them.
          ...(items.map(networkPolicy).some(asksForNamespaces)
            ? [
                ...unread(ownNamespace, 'labels that NetworkPolicies select namespaces by'),
                ...unread(dnsNamespace, 'labels that NetworkPolicies select namespaces by'),
              ]
            : []),
        ],
      },
    },
  };
}

function unread({ skipped }: FromApi<unknown>, what: string): { what: string; reason: string }[] {
  return skipped === undefined ? [] : [{ what, reason: skipped }];
}

function dnsService(
  { service, slices }: Found,
  pods: readonly Pod[],
  namespaceLabels: Readonly<Record<string, string>> | undefined,
): DnsService {
  const ports = service.spec?.ports ?? [];
  const nameOf = (protocol: string): string =>
    ports.find((p) => p.port === 53 && (p.protocol ?? 'TCP') === protocol)?.name ?? '';
  const endpoints = slices.flatMap((slice) => {
    const port = (protocol: string): number =>
      slice.ports?.find((p) => (p.name ?? '') === nameOf(protocol) && p.protocol === protocol)?.port ?? 53;
    return (slice.endpoints ?? [])
      .filter((e) => e.conditions?.ready !== false)
      .flatMap((e) => {
        const address = e.addresses[0];
        return address === undefined ? [] : [{ address, target: e.targetRef?.name, node: e.nodeName, port }];
      });
  });
  return {
    namespace: DNS_NAMESPACE,
    name: service.metadata?.name ?? '',
    addresses: clusterAddresses(service),
    endpoints: endpoints.map(({ address, target, node, port }): DnsEndpoint => {
      const pod = pods.find((p) => p.metadata?.name === target);
      // Whatever may not be read of it: a pod behind a Service has at least the labels that the Service selects by.
      const end: PolicyPod = pod
        ? policyPod(pod, namespaceLabels)
        : {
            namespace: DNS_NAMESPACE,
            name: target ?? '',
            labels: service.spec?.selector ?? {},
            ...(namespaceLabels ? { namespaceLabels } : {}),
            ports: [],
            hostNetwork: false,
          };
      return {
        address,
        udpPort: port('UDP'),
        tcpPort: port('TCP'),
        ...(target === undefined ? {} : { pod: target }),
        ...(node === undefined ? {} : { node }),
        ...(target === undefined ? {} : { end: { address, pod: end } }),
      };
    }),
  };
}

function clusterAddresses({ spec }: Service): string[] {
  const all = spec?.clusterIPs ?? (spec?.clusterIP === undefined ? [] : [spec.clusterIP]);
  return all.filter((ip) => ip !== '' && ip !== 'None');
}
