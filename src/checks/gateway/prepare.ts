/** The input of the gateway check: for each DEST that is a URL, what Ingresses and routes of the API say to it. */
import type { InputContext } from '../../cluster/context.ts';
import { endpointsOf, isReady, servicePort } from '../../cluster/services.ts';
import type { InputOf } from '../../model/check.ts';
import type { ClusterView, Reading } from '../../model/cluster-view.ts';
import type { Service } from '../../model/kube-objects.ts';
import { type Unread, unreadPart } from '../shared/unread.ts';
import type check from './check.ts';
import { type AskedRequest, type Backend, type Front, type Trouble, UNTAKEN } from './facts.ts';
import { ingressFronts, type RoutedFront, type WantedBackend } from './ingress.ts';
import { addressesAt, withAddresses } from './prepare-addresses.ts';
import { isOfCluster } from './prepare-cluster-hosts.ts';
import { otherKinds } from './prepare-others.ts';
import { gatewayFronts } from './routes.ts';

/** Endpoints of a backend that are connected to. */
const MOST_TRIED = 2;

/** Nothing to look at where no DEST is a URL, or the cluster has no object that says where requests go. */
export default async function prepare({
  subject: { cluster },
  asked,
}: InputContext): Promise<InputOf<typeof check> | undefined> {
  const urls = asked.filter(({ url, service }) => url !== undefined && service?.part !== 'endpoint');
  if (!cluster || urls.length === 0) return undefined;
  const [ingresses, gateways] = await Promise.all([
    ofAllOrOwn((namespace) => cluster.ingressObjects(namespace), cluster.namespace),
    ofAllOrOwn((namespace) => cluster.gatewayObjects(namespace), cluster.namespace),
  ]);
  const routed = urls.map((destination) => {
    const { hostname, pathname, search, port, protocol } = new URL(destination.url ?? '');
    const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
    const request = { host, path: pathname, query: search, port: Number(port || destination.port) };
    const only = gateways.denied === undefined ? undefined : cluster.namespace;
    const fronts = [
      ...(ingresses.value
        ? ingressFronts(ingresses.value, { host, path: pathname, isTls: protocol === 'https:' })
        : []),
      ...(gateways.value ? gatewayFronts(gateways.value, request, only) : []),
    ];
    return { destination, host, path: pathname, fronts };
  });
  const unread = [
    ...unreadLists('Ingresses', ingresses.failed),
    ...unreadLists('routes of the Gateway API', gateways.failed),
  ];
  const denied = [ingresses.denied, gateways.denied].filter((one) => one !== undefined);
  const isHidden = denied.length > 0 || unread.length > 0;
  if (routed.every(({ fronts }) => fronts.length === 0) && !isHidden) return undefined;
  const requests = await Promise.all(
    routed.map(async (one) => ({
      ...(await lookedUp(cluster, one)),
      ...(isHidden && !(await isOfCluster(cluster, one.host)) ? { mayBeLed: true as const } : {}),
    })),
  );
  if (
    unread.length === 0 &&
    requests.every(({ fronts, mayBeLed }) => fronts.length === 0 && mayBeLed !== true)
  )
    return undefined;
  return { requests, denied, ...unreadPart(unread) };
}

interface Part<T> {
  readonly value?: T | undefined;
  readonly denied?: string | undefined;
  readonly failed?: string | undefined;
}

/** Who may not read those of all namespaces may read their own. */
async function ofAllOrOwn<T>(
  read: (namespace?: string) => Promise<Reading<T>>,
  own: string,
): Promise<Part<T>> {
  const all = await read();
  if (all.denied === undefined) return all;
  const some = await read(own);
  return { value: some.value, failed: some.failed, denied: all.denied };
}

function unreadLists(what: string, failed: string | undefined): readonly Unread[] {
  return failed === undefined ? [] : [{ what: `where ${what} lead requests`, reason: failed }];
}

async function lookedUp(
  cluster: ClusterView,
  { fronts, ...asked }: Omit<AskedRequest, 'fronts'> & { readonly fronts: readonly RoutedFront[] },
): Promise<AskedRequest> {
  const around = fronts.length === 0 ? [] : await addressesAt(cluster, asked.host);
  const isTls = asked.destination.url?.startsWith('https:') === true;
  const known = await Promise.all(fronts.map((front) => withBackend(cluster, front, isTls)));
  const isLost = known.some(({ troubles }) => troubles.some(({ kind }) => UNTAKEN.includes(kind)));
  const others = isLost ? await otherKinds(cluster, asked.host) : [];
  return {
    ...asked,
    fronts: known.map((front) => withAddresses(front, around)),
    ...(others.length === 0 ? {} : { others }),
  };
}

async function withBackend(cluster: ClusterView, front: RoutedFront, isTls: boolean): Promise<Front> {
  const { backends, secrets, troubles, ...rest } = front;
  const looked = await Promise.all(backends.map((wanted) => backendOf(cluster, wanted, front)));
  const missing = isTls ? await missingSecrets(cluster, secrets) : [];
  // The first that is in trouble, or the first.
  const chosen = looked.find(({ trouble }) => trouble !== undefined) ?? looked[0];
  return {
    ...rest,
    troubles: [
      ...troubles,
      ...(troubles.length === 0 && chosen?.trouble !== undefined ? [chosen.trouble] : []),
      ...missing,
    ],
    ...(chosen === undefined ? {} : { backend: chosen.backend }),
  };
}

async function backendOf(
  cluster: ClusterView,
  { namespace, name, port, of, mayBeTarget, by: ownBy }: WantedBackend,
  front: RoutedFront,
): Promise<{ readonly backend: Backend; readonly trouble?: Trouble }> {
  const by = ownBy ?? front.by;
  const bare: Backend = { namespace, name, port, of, ready: 0, endpoints: [] };
  const service = await cluster.service(namespace, name);
  // What may not be read is in no trouble that is known.
  if (service.error !== undefined || by === undefined) return { backend: bare };
  const trouble = (why: 'missing' | 'port' | 'alias', has: readonly string[]) => ({
    backend: bare,
    trouble: { kind: 'no-backend', by, backend: bare, why, has } as const,
  });
  const targeted = ({ spec: { ports = [] } = {} }: Service) => {
    const found = mayBeTarget ? ports.find(({ targetPort }) => String(targetPort) === port) : undefined;
    return found === undefined ? undefined : servicePort(service.value as Service, String(found.port), 'tcp');
  };
  if (service.value === null) return trouble('missing', []);
  const { spec } = service.value;
  if (spec?.type === 'ExternalName') return trouble('alias', [spec.externalName ?? '']);
  const own = servicePort(service.value, port === '' ? undefined : port, 'tcp') ?? targeted(service.value);
  if (own === undefined) return trouble('port', portTexts(service.value));
  const slices = await cluster.endpointSlices(namespace, name);
  if (slices.error !== undefined) return { backend: bare };
  const all = endpointsOf(slices.value, own);
  const ready = all.filter(isReady);
  const endpoints = ready.slice(0, MOST_TRIED).map(({ address, port: number, pod }) => ({
    address,
    port: number,
    ...(pod === undefined ? {} : { pod }),
  }));
  const backend = { ...bare, ready: ready.length, endpoints };
  return ready.length > 0
    ? { backend }
    : { backend, trouble: { kind: 'no-endpoint', by, backend, notReady: all.length } };
}

function portTexts({ spec }: Service): readonly string[] {
  return (spec?.ports ?? []).map(({ name, port }) =>
    name === undefined ? String(port) : `${port} (${name})`,
  );
}

async function missingSecrets(
  cluster: ClusterView,
  secrets: RoutedFront['secrets'],
): Promise<readonly Trouble[]> {
  const found = await Promise.all(
    secrets.map(async (one) => {
      const { unusable, ...named } = one;
      const { namespace, secret } = named;
      if (unusable?.isUngranted) return [{ kind: 'no-secret' as const, ...one }];
      const isMissing = secret === undefined || (await cluster.hasSecret(namespace, secret)).value === false;
      if (isMissing) return [{ kind: 'no-secret' as const, ...named }];
      return unusable === undefined ? [] : [{ kind: 'no-secret' as const, ...one }];
    }),
  );
  const missing = found.flat();
  // With one of several, the host has a certificate.
  return missing.length < secrets.length ? [] : missing;
}
