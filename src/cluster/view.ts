/** The view of one cluster through its API: each question is sent once. */
import type { KubeClient } from '../kube/client.ts';
import { ApiError, TooLargeError, UnreachableError } from '../kube/errors.ts';
import { listAll, listSome } from '../kube/list.ts';
import { namespacedPath, podsPath } from '../kube/paths.ts';
import type { ApiCalleeKind, ApiCallees } from '../model/api-callees.ts';
import type { ClusterView, LogPlace, Part, Reading } from '../model/cluster-view.ts';
import type { GatewayObjects, IngressObjects } from '../model/gateway-api.ts';
import type {
  EndpointSlice,
  Namespace,
  NetworkPolicyObject,
  Node,
  Pod,
  Service,
} from '../model/kube-objects.ts';
import type { Labels } from '../model/network-policy.ts';
import type { PeerAuthentication } from '../model/peer-authentication.ts';
import { API_CALLEE_LISTS } from './api-callees.ts';
import { type ApiGroups, foreignPaths, kindsOf } from './foreign-kinds.ts';
import { gatewayLists, INGRESS_LISTS, METADATA_ONLY, type RouteList, readLists } from './gateway-lists.ts';
import { policyPaths } from './policy-kinds.ts';
import { readingOf } from './reading.ts';
import { routePaths } from './route-kinds.ts';
import type { SharedReads } from './shared-reads.ts';
import { QUESTIONS_AT_ONCE, Turns } from './turns.ts';

const SLICES = 'apis/discovery.k8s.io/v1';
/** Pods in a node's network share one address; a node has 110 pods by default. */
const MOST_AT_ADDRESS = 150;
/** Of each kind of route: what stands behind them is not looked for. */
const MOST_ROUTES = 2000;
/** Of each kind: a cluster with the operators of a whole company has 500 CustomResourceDefinitions. */
const MOST_CALLEES = 2000;

/** Of a log. A program that cannot go on says so at its end. */
const LAST_LINES = 50;
const MOST_LOG_BYTES = 16 * 1024;

const PEER_AUTHENTICATION = kindsOf('security.istio.io', 'PeerAuthentication');

type Query = Readonly<Record<string, string>>;

export class KubeView implements ClusterView {
  readonly namespace: string;
  readonly #client: KubeClient;
  readonly #signal: AbortSignal;
  readonly #shared: SharedReads | undefined;
  readonly #asked = new Map<string, Promise<Reading<unknown>>>();
  readonly #turns = new Turns(QUESTIONS_AT_ONCE);
  #isStrict = false;

  /**
   * @param known pods that were read before, which are not read again
   * @param shared what other targets of the same run have asked
   */
  constructor(
    client: KubeClient,
    signal: AbortSignal,
    known: readonly Pod[] = [],
    shared: SharedReads | undefined = undefined,
  ) {
    this.#shared = shared;
    this.namespace = client.namespace;
    this.#client = client;
    this.#signal = signal;
    for (const pod of known) {
      const { namespace = '', name = '' } = pod.metadata ?? {};
      this.#asked.set(podsPath(namespace, name), Promise.resolve({ value: pod }));
    }
  }

  afresh(signal: AbortSignal): KubeView {
    const view = new KubeView(this.#client, signal);
    view.#isStrict = true;
    return view;
  }

  pod(namespace: string, name: string): Promise<Reading<Pod | null>> {
    return this.#object(`pod ${namespace}/${name}`, podsPath(namespace, name));
  }

  pods(namespace: string, selector: Labels = {}): Promise<Reading<readonly Pod[]>> {
    const labelSelector = Object.entries(selector).map(([key, value]) => `${key}=${value}`);
    const query = labelSelector.length === 0 ? {} : { labelSelector: labelSelector.join(',') };
    return this.#list(`pods in ${namespace}`, podsPath(namespace), query);
  }

  /** Of all namespaces, from the API server's memory: a search in etcd would read every pod of the cluster. */
  podsOnNode(node: string, atMost: number, namespace?: string): Promise<Reading<Part<Pod>>> {
    const query = { fieldSelector: `spec.nodeName=${node}` };
    const path = scoped('api/v1', 'pods', namespace);
    return this.#beginning(`pods${inside(namespace)}`, path, atMost, query, namespace === undefined);
  }

  podsAt(address: string, namespace?: string): Promise<Reading<readonly Pod[]>> {
    return this.#at('pods', `status.podIP=${address}`, namespace);
  }

  service(namespace: string, name: string): Promise<Reading<Service | null>> {
    return this.#object(
      `service ${namespace}/${name}`,
      namespacedPath('api/v1', namespace, 'services', name),
    );
  }

  services(namespace: string): Promise<Reading<readonly Service[]>> {
    return this.#list(`Services in ${namespace}`, namespacedPath('api/v1', namespace, 'services'));
  }

  allServices(atMost: number): Promise<Reading<Part<Service>>> {
    return this.#beginning('Services of all namespaces', '/api/v1/services', atMost);
  }

  servicesAt(address: string, namespace?: string): Promise<Reading<readonly Service[]>> {
    return this.#at('services', `spec.clusterIP=${address}`, namespace);
  }

  endpointSlices(namespace: string, service?: string): Promise<Reading<readonly EndpointSlice[]>> {
    const query: Query =
      service === undefined ? {} : { labelSelector: `kubernetes.io/service-name=${service}` };
    return this.#list(
      `EndpointSlices in ${namespace}`,
      namespacedPath(SLICES, namespace, 'endpointslices'),
      query,
    );
  }

  allEndpointSlices(atMost: number): Promise<Reading<Part<EndpointSlice>>> {
    return this.#beginning('EndpointSlices of all namespaces', `/${SLICES}/endpointslices`, atMost);
  }

  networkPolicies(namespace: string): Promise<Reading<readonly NetworkPolicyObject[]>> {
    const path = namespacedPath('apis/networking.k8s.io/v1', namespace, 'networkpolicies');
    return this.#list(`NetworkPolicies in ${namespace}`, path);
  }

  async otherPolicies(): Promise<readonly { readonly kind: string; readonly found: Reading<boolean> }[]> {
    const groups = await this.#groups();
    const found = await Promise.all(
      policyPaths(groups.value ?? {}).map(async ({ name, paths }) => ({
        kind: name,
        part: await this.#firstAt(paths, (path) => this.#beginning<object>(name, path, 1)),
      })),
    );
    return found.flatMap(({ kind, part }) => {
      if (part === undefined) return [];
      return [{ kind, found: part.error ? part : { value: part.value.items.length > 0 } }];
    });
  }

  async otherRoutes(): Promise<readonly { readonly kind: string; readonly found: Reading<Part<object>> }[]> {
    const groups = await this.#groups();
    const found = await Promise.all(
      routePaths(groups.value ?? {}).map(async ({ name, paths }) => ({
        kind: name,
        found: await this.#firstAt(paths, (path) =>
          this.#beginning<object>(`${name} of all namespaces`, path, MOST_ROUTES, {}, true),
        ),
      })),
    );
    return found.flatMap(({ kind, found: part }) => (part === undefined ? [] : [{ kind, found: part }]));
  }

  async apiCallees(): Promise<
    readonly { readonly kind: ApiCalleeKind; readonly found: Reading<Part<ApiCallees>> }[]
  > {
    const found = await Promise.all(
      API_CALLEE_LISTS.map(async ({ kind, path, plural }) => ({
        kind,
        found: await this.#beginning<ApiCallees>(plural, path, MOST_CALLEES, {}, true),
      })),
    );
    return found.filter(({ found: part }) => !(part.error instanceof ApiError && part.error.status === 404));
  }

  async peerAuthentications(namespace: string): Promise<Reading<readonly PeerAuthentication[] | null>> {
    const groups = await this.#groups();
    if (groups.error !== undefined) return groups;
    const [kind] = foreignPaths(groups.value ?? {}, PEER_AUTHENTICATION);
    if (kind === undefined) return { value: null };
    const part = await this.#firstAt(kind.paths, (path) =>
      this.#beginning<PeerAuthentication>(
        `PeerAuthentications in ${namespace}`,
        path.replace(/\/([^/]+)$/, `/namespaces/${encodeURIComponent(namespace)}/$1`),
        MOST_AT_ADDRESS,
      ),
    );
    if (part === undefined) return { value: null };
    return part.error === undefined ? { value: part.value.items } : part;
  }

  /** The first version that has the resource tells, as each shows all objects. `undefined`: none has it. */
  async #firstAt<T>(
    paths: readonly string[],
    read: (path: string) => Promise<Reading<T>>,
  ): Promise<Reading<T> | undefined> {
    for (const path of paths) {
      const found = await read(path);
      if (!(found.error instanceof ApiError && found.error.status === 404)) return found;
    }
    return undefined;
  }

  ingressObjects(namespace?: string): Promise<Reading<IngressObjects>> {
    return readLists<IngressObjects>(INGRESS_LISTS, (list) => this.#ofRoutes(list, namespace));
  }

  async gatewayObjects(namespace?: string): Promise<Reading<GatewayObjects | null>> {
    const groups = await this.#groups();
    const lists = gatewayLists(groups.value ?? {});
    if (groups.error !== undefined) return groups;
    if (lists === undefined) return { value: null };
    return readLists<GatewayObjects>(lists, (list) => this.#ofRoutes(list, namespace));
  }

  /** A list that the cluster does not have is empty: a group may have some of its kinds alone. */
  async #ofRoutes(
    { api, plural, isNamespaced }: RouteList,
    namespace: string | undefined,
  ): Promise<Reading<Part<object>>> {
    const own = isNamespaced ? namespace : undefined;
    const path = scoped(api, plural, own);
    const part = await this.#beginning<object>(
      `${plural}${isNamespaced ? inside(own) : ''}`,
      path,
      MOST_ROUTES,
      {},
      true,
    );
    return part.error instanceof ApiError && part.error.status === 404
      ? { value: { items: [], isWhole: true } }
      : part;
  }

  fromLog<T>(
    { namespace, pod, container, isPrevious }: LogPlace,
    look: (text: string) => T,
  ): Promise<Reading<T>> {
    const path = podsPath(namespace, pod, 'log');
    const query = {
      container,
      previous: String(isPrevious),
      tailLines: String(LAST_LINES),
      limitBytes: String(MOST_LOG_BYTES),
    };
    return this.#once(keyOf(path, query), `logs of pods in ${namespace}`, async (signal) =>
      look((await this.#client.text(path, { query, signal })).slice(0, MOST_LOG_BYTES)),
    );
  }

  async hasSecret(namespace: string, name: string): Promise<Reading<boolean>> {
    const path = namespacedPath('api/v1', namespace, 'secrets', name);
    const found = await this.#object<object>(`the Secret ${name} in ${namespace}`, path, METADATA_ONLY);
    return found.error ? found : { value: found.value !== null };
  }

  #groups(): Promise<Reading<ApiGroups | null>> {
    return this.#object<ApiGroups>('the groups of the API', '/apis');
  }

  namespaceObject(name: string): Promise<Reading<Namespace | null>> {
    return this.#object(`the namespace ${name}`, `/api/v1/namespaces/${encodeURIComponent(name)}`);
  }

  node(name: string): Promise<Reading<Node | null>> {
    return this.#object(`node ${name}`, `/api/v1/nodes/${encodeURIComponent(name)}`);
  }

  nodes(atMost: number): Promise<Reading<Part<Node>>> {
    return this.#beginning('nodes', '/api/v1/nodes', atMost);
  }

  #object<T>(what: string, path: string, accept?: string): Promise<Reading<T | null>> {
    return this.#once(path, what, async (signal) => {
      try {
        return await this.#client.get<T>(path, accept === undefined ? { signal } : { signal, accept });
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }
    });
  }

  #list<T>(what: string, path: string, query: Query = {}): Promise<Reading<readonly T[]>> {
    return this.#once(keyOf(path, query), what, (signal) =>
      listAll<T>(this.#client, path, { query, signal }),
    );
  }

  /**
   * What has an address: of all namespaces, from the API server's memory, or a search in etcd would read every object of
   * the cluster. No address can be ruled out beforehand: most network plugins do not keep to the nodes' podCIDRs, and
   * some clusters give public addresses to pods.
   */
  async #at<T>(
    plural: 'pods' | 'services',
    fieldSelector: string,
    namespace: string | undefined,
  ): Promise<Reading<readonly T[]>> {
    const what = `${plural === 'pods' ? 'pods' : 'Services'}${inside(namespace)}`;
    const path = scoped('api/v1', plural, namespace);
    const query = { fieldSelector };
    const found = await this.#beginning<T>(what, path, MOST_AT_ADDRESS, query, namespace === undefined);
    return found.error ? found : { value: found.value.items };
  }

  #beginning<T>(
    what: string,
    path: string,
    atMost: number,
    query: Query = {},
    stale = false,
  ): Promise<Reading<Part<T>>> {
    return this.#once(keyOf(path, { ...query, atMost: String(atMost) }), what, (signal) =>
      listSome<T>(this.#client, path, atMost, { query, stale, signal }),
    );
  }

  #once<T>(key: string, what: string, read: Read<T>): Promise<Reading<T>> {
    const known = this.#asked.get(key) ?? this.#ask(key, what, read);
    this.#asked.set(key, known);
    // Whoever asked may have given up before it looks at the answer.
    known.catch(() => undefined);
    return known as Promise<Reading<T>>;
  }

  async #ask<T>(key: string, what: string, read: Read<T>): Promise<Reading<T>> {
    if (this.#shared !== undefined) {
      return unlessAborted(this.#shared.read(key, what, read), this.#signal);
    }
    const sent = this.#turns.take(() => read(this.#signal));
    const reading = await readingOf(what, sent, this.#signal);
    if (this.#isStrict && isUnanswered(reading.error)) throw reading.error;
    return reading;
  }
}

type Read<T> = (signal: AbortSignal) => Promise<T>;

/** An answer that is too large is as large each time. */
function isUnanswered(error: Error | undefined): error is UnreachableError {
  return error instanceof UnreachableError && !(error instanceof TooLargeError);
}

/** What others wait for goes on; whoever is aborted waits no longer. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function keyOf(path: string, query: Query): string {
  return `${path}?${new URLSearchParams(query)}`;
}

function scoped(api: string, plural: string, namespace: string | undefined): string {
  return namespace === undefined ? `/${api}/${plural}` : namespacedPath(api, namespace, plural);
}

function inside(namespace: string | undefined): string {
  return namespace === undefined ? ' of all namespaces' : ` in ${namespace}`;
}
