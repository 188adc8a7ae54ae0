/** A cluster for tests: objects as the API has them, a server that serves them, and the view of it. */
import { onTestFinished } from 'vitest';
import { CHECKS } from '../../../src/checks/registry.ts';
import type { InputContext } from '../../../src/cluster/context.ts';
import { askedDestinations } from '../../../src/cluster/destinations.ts';
import type { Subject } from '../../../src/cluster/subject.ts';
import { KubeView } from '../../../src/cluster/view.ts';
import { type ApiServer, type Fault, startApiServer } from '../../servers/api-server.ts';
import { clientOf } from '../../servers/kube-client.ts';

export const SHOP = 'shop';
const at = (namespace: string, plural: string, api = '/api/v1') => `${api}/namespaces/${namespace}/${plural}`;
export const PATHS = {
  pods: at(SHOP, 'pods'),
  services: at(SHOP, 'services'),
  slices: at(SHOP, 'endpointslices', '/apis/discovery.k8s.io/v1'),
  policies: at(SHOP, 'networkpolicies', '/apis/networking.k8s.io/v1'),
  namespaces: '/api/v1/namespaces',
} as const;

type Lists = NonNullable<NonNullable<Parameters<typeof startApiServer>[0]>['lists']>;

interface Served {
  readonly server: ApiServer;
  readonly cluster: KubeView;
}

/** @param faults by path */
export async function serving(lists: Lists, faults: Readonly<Record<string, Fault>> = {}): Promise<Served> {
  const server = await startApiServer({ lists, faults });
  const client = await clientOf(server, SHOP);
  onTestFinished(async () => {
    client.close();
    await server.close();
  });
  return { server, cluster: new KubeView(client, new AbortController().signal) };
}

/** A pod of both families, unless it is told otherwise. */
export function subjectOf(cluster: KubeView, addresses = ['10.0.0.9', 'fd00::9']): Subject {
  return { cluster, isHost: false, addresses };
}

export const pod = (name: string, ips: readonly string[], more: object = {}) => ({
  metadata: { namespace: SHOP, name, labels: { app: 'db' } },
  spec: { containers: [{ name: 'app', ports: [{ name: 'sql', containerPort: 5432 }] }], ...more },
  status: {
    phase: 'Running',
    podIP: ips[0],
    podIPs: ips.map((ip) => ({ ip })),
    conditions: [{ type: 'Ready', status: 'True' }],
  },
});

export const service = (clusterIPs: readonly string[], more: object = {}) => ({
  metadata: { namespace: SHOP, name: 'db' },
  spec: {
    type: 'ClusterIP',
    clusterIP: clusterIPs[0],
    clusterIPs,
    ipFamilies: clusterIPs.map((ip) => (ip.includes(':') ? 'IPv6' : 'IPv4')),
    selector: { app: 'db' },
    ports: [{ name: 'sql', port: 80, protocol: 'TCP', targetPort: 'sql' }],
    ...more,
  },
});

interface SliceEndpoint {
  readonly addresses: readonly string[];
  readonly conditions?: object;
  readonly targetRef?: object;
  readonly hints?: object;
}

export const behind = (name: string, address: string, conditions?: object): SliceEndpoint => ({
  addresses: [address],
  targetRef: { kind: 'Pod', name },
  ...(conditions === undefined ? {} : { conditions }),
});

export const slice = (
  endpoints: readonly SliceEndpoint[],
  ports: readonly object[] = [{ name: 'sql', port: 5432, protocol: 'TCP' }],
) => ({
  metadata: {
    namespace: SHOP,
    name: `db-${endpoints[0]?.addresses[0]}`,
    labels: { 'kubernetes.io/service-name': 'db' },
  },
  addressType: endpoints[0]?.addresses[0]?.includes(':') ? 'IPv6' : 'IPv4',
  ports,
  endpoints,
});

/** Three pods of two families behind a Service of two. */
export const DUAL = {
  [PATHS.services]: [service(['10.96.0.5', 'fd00:96::5'])],
  [PATHS.slices]: [
    slice([1, 2, 3].map((i) => behind(`db-${i}`, `10.0.0.${i}`))),
    slice([1, 2, 3].map((i) => behind(`db-${i}`, `fd00::${i}`))),
  ],
  [PATHS.pods]: [1, 2, 3].map((i) => pod(`db-${i}`, [`10.0.0.${i}`, `fd00::${i}`])),
};

/** What a check prepares from, with the DESTs resolved as a run resolves them. */
export async function contextOf(
  subject: Subject,
  to: readonly string[] = [],
  options: Readonly<Record<string, unknown>> = {},
): Promise<InputContext> {
  const none = Object.fromEntries(Object.keys(CHECKS).map((id) => [id, {}]));
  const thresholds = { ...none, sockets: { portShare: 0.8 }, tls: { expireDays: 14 } };
  return {
    subject,
    args: { to, names: [], options, thresholds } as unknown as InputContext['args'],
    asked: await askedDestinations(subject, to),
    signal: new AbortController().signal,
  };
}
