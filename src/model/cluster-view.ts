/** What a check may ask of the cluster before a run. Types only; src/cluster implements it. */
import type { ApiCalleeKind, ApiCallees } from './api-callees.ts';
import type { GatewayObjects, IngressObjects } from './gateway-api.ts';
import type { EndpointSlice, Namespace, NetworkPolicyObject, Node, Pod, Service } from './kube-objects.ts';
import type { Labels } from './network-policy.ts';
import type { PeerAuthentication } from './peer-authentication.ts';

/** What came of a question that a run can go on without an answer to. */
export type Reading<T> =
  | {
      readonly value: T;
      readonly error?: undefined;
      readonly denied?: undefined;
      readonly failed?: undefined;
    }
  | Unanswered;

/** Nothing is known of what was asked for: it may be there, and it may not. */
export type Unanswered = {
  readonly value?: undefined;
  /** For whoever cannot go on without it. */
  readonly error: Error;
} & (
  | {
      /** What the user may not read, such as `Services in shop`. That is how it is for this user, and no news. */
      readonly denied: string;
      readonly failed?: undefined;
    }
  | {
      readonly denied?: undefined;
      /** Why there is no answer, or none of use: words without a full stop that the report has to carry. */
      readonly failed: string;
    }
);

/** The beginning of a list. */
export interface Part<T> {
  readonly items: readonly T[];
  /** There is nothing beyond it, so what is not in it is not there. */
  readonly isWhole: boolean;
}

/** Which of a container's logs. */
export interface LogPlace {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** That of the run before the one that the kubelet reports as the container's state. */
  readonly isPrevious: boolean;
}

/**
 * One run's view of one cluster. The same question is sent once, however many checks ask it, so that all of them judge
 * the same state. `null` is an object that does not exist.
 */
export interface ClusterView {
  /** Where names without a namespace are looked up. */
  readonly namespace: string;
  /**
   * A view of the cluster as it is now: what was asked before is asked again. An API that does not answer rejects a
   * question, where it is a failed reading otherwise: a comparison would take that for a change.
   */
  afresh(signal: AbortSignal): ClusterView;
  pod(namespace: string, name: string): Promise<Reading<Pod | null>>;
  /** @param selector labels that they have to have */
  pods(namespace: string, selector?: Labels): Promise<Reading<readonly Pod[]>>;
  /** A sample of those that run on a node. @param namespace absent: of all, and perhaps a few seconds old */
  podsOnNode(node: string, atMost: number, namespace?: string): Promise<Reading<Part<Pod>>>;
  /** Those with the address, which pods in their node's network share. @param namespace as above */
  podsAt(address: string, namespace?: string): Promise<Reading<readonly Pod[]>>;
  service(namespace: string, name: string): Promise<Reading<Service | null>>;
  services(namespace: string): Promise<Reading<readonly Service[]>>;
  /** In all namespaces. */
  allServices(atMost: number): Promise<Reading<Part<Service>>>;
  /** Those whose cluster IP is the address. */
  servicesAt(address: string, namespace?: string): Promise<Reading<readonly Service[]>>;
  /** @param service absent: of all Services of the namespace */
  endpointSlices(namespace: string, service?: string): Promise<Reading<readonly EndpointSlice[]>>;
  /** In all namespaces. */
  allEndpointSlices(atMost: number): Promise<Reading<Part<EndpointSlice>>>;
  networkPolicies(namespace: string): Promise<Reading<readonly NetworkPolicyObject[]>>;
  /** Kinds of policies besides NetworkPolicy, each with whether there is one; kinds that the cluster does not know are left out. */
  otherPolicies(): Promise<readonly { readonly kind: string; readonly found: Reading<boolean> }[]>;
  /** Istio's, in one namespace. `null`: the cluster knows none. */
  peerAuthentications(namespace: string): Promise<Reading<readonly PeerAuthentication[] | null>>;
  /** Objects of other kinds by which controllers lead requests; kinds that the cluster does not know are left out. */
  otherRoutes(): Promise<readonly { readonly kind: string; readonly found: Reading<Part<object>> }[]>;
  /** Whom the API server itself calls by TLS, by kind, and perhaps a few seconds old; kinds that the cluster does not know are left out. */
  apiCallees(): Promise<
    readonly { readonly kind: ApiCalleeKind; readonly found: Reading<Part<ApiCallees>> }[]
  >;
  /** @param namespace absent: of all, and perhaps a few seconds old; classes belong to none */
  ingressObjects(namespace?: string): Promise<Reading<IngressObjects>>;
  /** `null`: the cluster has no Gateway API. @param namespace as above */
  gatewayObjects(namespace?: string): Promise<Reading<GatewayObjects | null>>;
  /**
   * What is made of the last lines of a log: 50, and 16 KiB of them. The lines themselves, which may hold secrets, are not
   * kept. Whoever asks of one container asks the same.
   */
  fromLog<T>(place: LogPlace, look: (text: string) => T): Promise<Reading<T>>;
  /** Whether there is a Secret of the name. What is in it is not asked for. */
  hasSecret(namespace: string, name: string): Promise<Reading<boolean>>;
  namespaceObject(name: string): Promise<Reading<Namespace | null>>;
  node(name: string): Promise<Reading<Node | null>>;
  nodes(atMost: number): Promise<Reading<Part<Node>>>;
}
