/** The input of the dns check: the cluster's DNS Service, what stands behind it, and the policies on the way to it. */

import type { InputContext } from '../../cluster/context.ts';
import { familiesOf } from '../../cluster/families.ts';
import { unreadReason } from '../../cluster/reading.ts';
import {
  clusterIps,
  type Endpoint,
  endpointsOf,
  isReady,
  portsOf,
  type ServicePort,
  serviceFamilies,
  slicesOf,
} from '../../cluster/services.ts';
import type { Subject } from '../../cluster/subject.ts';
import { runsHere } from '../../docker/docker-proxies.ts';
import type { DockerContainer } from '../../docker/types.ts';
import type { InputOf } from '../../model/check.ts';
import type { ClusterView, Reading } from '../../model/cluster-view.ts';
import type { Destination } from '../../model/destination.ts';
import { UserError } from '../../model/errors.ts';
import type { EndpointSlice, Pod, Service } from '../../model/kube-objects.ts';
import type { Labels } from '../../model/network-policy.ts';
import { EMBEDDED_DNS } from '../shared/embedded-dns.ts';
import type { PolicyPod } from '../shared/network-policy.ts';
import { unreadOf } from '../shared/prepare-behind.ts';
import {
  asksForNamespaces,
  hostPolicyPod,
  networkPolicy,
  policyPod,
} from '../shared/prepare-policy-objects.ts';
import type check from './check.ts';
import type { DnsEndpoint, DnsInput, DnsService, FromApi, PodDns } from './facts.ts';
import { endedContainers } from './prepare-ended.ts';
import { servicesOf } from './prepare-known.ts';
import { reasonsOf } from './prepare-reasons.ts';

/** Where the cluster's DNS lives, by convention of all distributions. */
const DNS_NAMESPACE = 'kube-system';
/** More names at once are a load test. */
const MAX_NAMES = 8;

/** @throws {UserError} exit 2: a word that can be no name, or too many */
export default async function prepare({
  subject,
  args,
  asked,
}: InputContext): Promise<InputOf<typeof check>> {
  const names = args.names.map(checkedName);
  if (names.length > MAX_NAMES) {
    throw new UserError(`dns takes ${MAX_NAMES} names at most, and got ${names.length}.`, 2);
  }
  const destinations = [...new Set(asked.map((d) => d.host).filter(isName))].filter(
    (n) => !names.includes(n),
  );
  const { cluster, pod } = subject;
  const room = MAX_NAMES - names.length;
  const looked = destinations.slice(0, room);
  const leftOut = destinations.slice(room);
  const own = pod?.metadata?.namespace ?? cluster?.namespace ?? '';
  const [reasons, known] = cluster
    ? await Promise.all([
        reasonsOf(cluster, own, [...names, ...looked]),
        servicesOf(cluster, own, [...names, ...looked], Date.now()),
      ])
    : [{}, {}];
  const input: DnsInput = {
    names,
    destinations: looked,
    ...(leftOut.length === 0 ? {} : { leftOut }),
    ...(Object.keys(reasons).length === 0 ? {} : { reasons }),
    ...(Object.keys(known).length === 0 ? {} : { known }),
    ...(await tooLongPart(subject, asked)),
    pod: podDns(subject),
    ...(await machinePart(subject)),
    ...(subject.docker ? { docker: dockerDns(subject.docker) } : {}),
    ...(cluster ? await fromCluster(cluster, subject) : outsideCluster(subject)),
  };
  return input;
}

/** Letters, digits, hyphens and underscores in labels, as names of hosts and Services are; `*` for a wildcard. */
const NAME = /^(?=.{1,253}\.?$)[a-z0-9_*]([a-z0-9_*-]{0,62})(\.[a-z0-9_*-]{1,63})*\.?$/i;

function isName(text: string): boolean {
  return NAME.test(text) && !/^[\d.]+$/.test(text);
}

/** What one label may have (RFC 1035, 2.3.4). */
const LONGEST_LABEL = 63;

/**
 * Hosts with a label that is too long for DNS, with the pod whose name it is. Of pods alone, whose hosts file is known: one
 * may have such a name.
 */
async function tooLongPart(
  { cluster, pod }: Subject,
  asked: readonly Destination[],
): Promise<Pick<DnsInput, 'tooLong'>> {
  if (pod === undefined) return {};
  const aliases = new Set((pod.spec?.hostAliases ?? []).flatMap(({ hostnames = [] }) => hostnames));
  const hosts = [...new Set(asked.map(({ host }) => host))].filter((host) => !aliases.has(host));
  const found = hosts.flatMap((host) => {
    const label = host.split('.').find(({ length }) => length > LONGEST_LABEL);
    return label === undefined || host.includes(':') ? [] : [{ host, label }];
  });
  const own = pod.metadata?.namespace ?? cluster?.namespace ?? '';
  const tooLong = await Promise.all(
    found.map(async ({ host, label }) => {
      const namesake = (await cluster?.pod(own, label.toLowerCase()))?.value;
      const isPods = namesake !== undefined && namesake !== null;
      return { host, label, ...(isPods ? { pod: { namespace: own, name: label.toLowerCase() } } : {}) };
    }),
  );
  return tooLong.length === 0 ? {} : { tooLong };
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

/** Podman has its name server at the gateway; of Docker's host whatever has that port is another program. */
function dockerDns({ client, container }: NonNullable<Subject['docker']>): NonNullable<DnsInput['docker']> {
  const { HostConfig, NetworkSettings } = container;
  const networks = client.isPodman ? Object.values(NetworkSettings.Networks ?? {}) : [];
  const gateways = networks.flatMap(({ Gateway }) => Gateway || []);
  return { servers: HostConfig.Dns ?? [], ...(gateways.length === 0 ? {} : { gateways }) };
}

/** A pod's name server is at no address of this machine, and a node has none but its own. */
async function machinePart({ cluster, docker, isHost, pod }: Subject): Promise<Pick<DnsInput, 'machine'>> {
  if (isHost && pod === undefined) return { machine: 'target' };
  // What belongs to no cluster and no engine is a namespace of this machine.
  const isBeside = docker === undefined ? cluster === undefined : await runsHere(docker.container);
  return isBeside ? { machine: 'beside' } : {};
}

/** Neither a Service nor a policy stands between the subject and its name servers. */
function outsideCluster({ docker }: Subject): Pick<DnsInput, 'services' | 'policies'> {
  return {
    services: { value: docker ? dockersServers(docker.container.HostConfig) : [] },
    policies: { value: { from: { address: '', pod: hostPolicyPod() }, policies: [] } },
  };
}

/** Whom Docker's name server asks in turn, where the container says so; else they are the host's, which are not known. */
function dockersServers({ NetworkMode, Dns }: DockerContainer['HostConfig']): readonly DnsService[] {
  const servers = Dns ?? [];
  if (servers.length === 0 || /^(default|bridge|host|none|container:.*)$/.test(NetworkMode)) return [];
  return [
    {
      namespace: '',
      name: 'docker',
      addresses: [EMBEDDED_DNS],
      endpoints: servers.map((address) => ({ address, udpPort: 53, tcpPort: 53 })),
      isDockers: true,
    },
  ];
}

/** A Service that listens on port 53, what stands behind it, and the pods that it selects. */
interface Found {
  readonly service: Service;
  readonly slices: readonly EndpointSlice[];
  readonly pods: Reading<readonly Pod[]>;
}

async function dnsServices(cluster: ClusterView): Promise<FromApi<readonly Found[]>> {
  const [services, slices] = await Promise.all([
    cluster.services(DNS_NAMESPACE),
    cluster.endpointSlices(DNS_NAMESPACE),
  ]);
  if (services.error) return { skipped: unreadReason(services) };
  if (slices.error) return { skipped: unreadReason(slices) };
  const all = slices.value;
  const found = services.value
    .filter((service) => dnsPort(service, 'udp') !== undefined)
    .map(async (service): Promise<Found> => {
      const { selector } = service.spec ?? {};
      const pods = selector ? await cluster.pods(DNS_NAMESPACE, selector) : { value: [] };
      return { service, slices: slicesOf(service, all), pods };
    });
  return { value: await Promise.all(found) };
}

function dnsPort(service: Service, protocol: 'tcp' | 'udp'): ServicePort | undefined {
  return portsOf(service, protocol).find(({ port }) => port === 53);
}

/** The DNS Services, and the policies of both namespaces on the way to them. */
async function fromCluster(
  cluster: ClusterView,
  { pod, addresses }: Subject,
): Promise<Pick<DnsInput, 'services' | 'policies'>> {
  const namespace = pod?.metadata?.namespace ?? cluster.namespace;
  const [found, own, theirs, ownNamespace, dnsNamespace] = await Promise.all([
    dnsServices(cluster),
    cluster.networkPolicies(namespace),
    cluster.networkPolicies(DNS_NAMESPACE),
    cluster.namespaceObject(namespace),
    cluster.namespaceObject(DNS_NAMESPACE),
  ]);
  const dnsLabels = dnsNamespace.value?.metadata?.labels;
  const services: DnsInput['services'] =
    found.value === undefined
      ? found
      : { value: found.value.map((one) => dnsService(one, addresses, dnsLabels)) };
  if (own.error) return { services, policies: { skipped: unreadReason(own) } };
  const objects = namespace === DNS_NAMESPACE ? own.value : [...own.value, ...(theirs.value ?? [])];
  const policies = objects.map(networkPolicy);
  return {
    services,
    policies: {
      value: {
        from: {
          address: addresses[0] ?? '',
          pod: pod ? policyPod(pod, ownNamespace.value?.metadata?.labels) : hostPolicyPod(),
        },
        policies,
        unread: [
          ...unreadOf(theirs, "what the DNS servers' own NetworkPolicies say (NT-DNS-008)"),
          ...(policies.length > 0
            ? (found.value ?? []).flatMap(({ pods }) =>
                unreadOf(pods, 'labels of the DNS servers that NetworkPolicies select by'),
              )
            : []),
          // Labels of namespaces are no loss where no policy asks for them.
          ...(policies.some(asksForNamespaces)
            ? [ownNamespace, dnsNamespace].flatMap((one) =>
                unreadOf(one, 'labels that NetworkPolicies select namespaces by'),
              )
            : []),
        ],
      },
    },
  };
}

function endedPart(pods: readonly Pod[]): Pick<DnsService, 'ended'> {
  const ended = endedContainers(pods, Date.now());
  return ended.length === 0 ? {} : { ended };
}

/** @param own addresses of the target: of a Service of two families it uses the one that it has itself */
function dnsService(
  { service, slices, pods }: Found,
  own: readonly string[],
  namespaceLabels: Labels | undefined,
): DnsService {
  const families = serviceFamilies(service, slices);
  const family = families.find((one) => familiesOf(own).includes(one)) ?? families[0];
  // Each server once: its address of the other family is no further server.
  const at = (protocol: 'tcp' | 'udp'): readonly Endpoint[] => {
    const port = dnsPort(service, protocol);
    return port === undefined
      ? []
      : endpointsOf(slices, port).filter((one) => isReady(one) && one.family === family);
  };
  const tcp = at('tcp');
  return {
    namespace: DNS_NAMESPACE,
    name: service.metadata?.name ?? '',
    addresses: clusterIps(service),
    ...endedPart(pods.value ?? []),
    endpoints: at('udp').map(({ address, port, pod: name, node }): DnsEndpoint => {
      const pod = pods.value?.find(({ metadata }) => metadata?.name === name);
      // Whatever may not be read of it: a pod behind a Service has at least the labels that the Service selects by.
      const end: PolicyPod = pod
        ? policyPod(pod, namespaceLabels)
        : {
            namespace: DNS_NAMESPACE,
            name: name ?? '',
            labels: service.spec?.selector ?? {},
            ...(namespaceLabels ? { namespaceLabels } : {}),
            ports: [],
            hostNetwork: false,
          };
      return {
        address,
        udpPort: port,
        tcpPort: tcp.find((one) => one.address === address)?.port ?? 53,
        ...(name === undefined ? {} : { pod: name }),
        ...(node === undefined ? {} : { node }),
        ...(name === undefined ? {} : { end: { address, pod: end } }),
      };
    }),
  };
}
