/** What the service check knows once its evidence is parsed; the rules judge this and nothing else. Pure. */

import type { ProbeResult } from '../../model/evidence.ts';
import { socketAddress } from '../../model/socket-address.ts';
import type { Reach } from '../../parsers/reach.ts';
import type { ServiceRules } from '../../parsers/service-rules.ts';
import type { Measured } from '../shared/measured.ts';
import type { LinkTrouble } from '../shared/misread-link.ts';

/**
 * Name servers may say for so long that there is no such name as somebody has asked for before it was made: CoreDNS keeps
 * denials of the cluster's zone for 30 s (its default Corefile, `cache 30`), a node's cache before it as long again.
 */
export const FRESH_SECONDS = 60;

/** A pod, or another address, behind a Service. */
export interface EndpointInfo {
  readonly address: string;
  readonly port: number;
  readonly pod?: string;
  readonly node?: string;
  /** What the pod belongs to: `Deployment shop`; absent where nothing does or its pod may not be read. */
  readonly workload?: string;
  /** It is the NodePort of this Service on the target's own node: `svc/shop`. */
  readonly ownNodePort?: string;
  /** Declared TCP ports of the pod besides `port`. */
  readonly otherPorts: readonly number[];
  /** Of its pod, in the other address family, where the target has one of that family too. */
  readonly otherAddress?: string;
  /** Its container was started a short time ago, and nothing asks whether its program is ready. */
  readonly unprobed?: {
    readonly container: string;
    readonly startedSeconds: number;
    /** `(OOMKilled, exit code 137)`: how it ended the last time; absent: it did not. */
    readonly ended?: string;
  };
  /** What the API says of its pod, where that is not what the slice has. */
  readonly stale?: StaleEndpoint;
  /** Of a large Service: it is connected to once, and not looked at in detail. */
  readonly isSweptOnly?: boolean;
}

/** An endpoint whose pod is not there, or not at this address. */
export interface StaleEndpoint {
  /** The name of the slice that lists it. */
  readonly slice: string;
  /** Who keeps the slice, as its label says; absent: nobody is named. */
  readonly keeper?: string;
  /** Of the pod of that name; absent: there is no such pod. */
  readonly podAddresses?: readonly string[];
}

/** A pod that was deleted and is still there. */
export interface EndingPod {
  readonly pod: string;
  readonly address: string;
  readonly port: number;
  readonly secondsAgo: number;
  readonly hasPreStop: boolean;
}

/** `pod shop-1 (deleted 4 s ago)`. */
export function endingText({ pod, secondsAgo }: EndingPod): string {
  return `pod ${pod} (deleted ${secondsAgo} s ago)`;
}

/** A Service as the API has it; plain JSON. */
export interface ServiceInfo extends LinkTrouble {
  /** `svc0`: part of the ids of its commands. */
  readonly id: string;
  /** As the user calls it. */
  readonly label: string;
  readonly namespace: string;
  readonly name: string;
  readonly type: string;
  /** Absent for a headless Service and for ExternalName. */
  readonly clusterIp?: string;
  readonly externalName?: string;
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  /** How long ago it was made, where that is less than {@link FRESH_SECONDS}. */
  readonly ageSeconds?: number;
  /** A number or a name, as the Service has it. */
  readonly targetPort: string;
  readonly internalTrafficPolicy: string;
  /** sessionAffinity ClientIP: for so many seconds a client's connections go to one endpoint. */
  readonly affinitySeconds?: number;
  /** Of a load balancer that has no address, and is older than {@link FRESH_SECONDS}. */
  readonly isPending?: boolean;
  /** How a node takes connections from outside for it; asked for on a node alone, and absent where it takes none. */
  readonly outside?: OutsideWay;
  /** `app=web`; absent: its endpoints are somebody else's to write. */
  readonly selector?: string;
  /** All that are ready. */
  readonly endpoints: readonly EndpointInfo[];
  /** Of a large Service over TCP: one connection to each endpoint, before the run. */
  readonly sweep?: ProbeResult;
  /** How many are ready. */
  readonly ready: number;
  /** Pods behind it that are about to go: some of them. */
  readonly ending?: readonly EndingPod[];
  /** Endpoints that are about to go and still serve. */
  readonly leaving: number;
  /** Its endpoints are those of other clusters too, which the API of this one may not list. */
  readonly isGlobal?: true;
  /** Pods that the selector matches and that are not ready, with why. */
  readonly notReady: readonly { readonly pod: string; readonly reason: string }[];
  /** Pods that the selector matches; absent where they may not be listed. */
  readonly selected?: number;
  /** None of the selected pods declares a port of the name that `targetPort` is. */
  readonly isPortUnnamed: boolean;
  /** Names of pods that are not ready are published too; absent: it is not a headless Service. */
  readonly publishesNotReady?: boolean;
  /** Slices of it that have endpoints, and none of this port. */
  readonly otherPorts?: readonly OtherPorts[];
  /** It is looked at in another family as well, which is the one that stands for its name. */
  readonly isOtherFamily?: boolean;
  /** DEST is a host or a URL, and this is whose name that is: clients send to the port that DEST has. */
  readonly isHost?: boolean;
  /** Of TCP: it has no port of UDP that leads to the same port of its pods, nor do these declare that for both. */
  readonly isTcpAlone?: boolean;
  /** What kube-proxy should know of it; asked for on a node alone. */
  readonly proxied?: ProxiedEndpoints;
}

/** A slice whose endpoints do not count for a port of the Service, since they are matched by the port's name. */
export interface OtherPorts {
  readonly slice: string;
  /** `http (8080/TCP)`; of one without a name, `8080/TCP`. */
  readonly offers: readonly string[];
  /** The name that the Service's port has; empty: none. */
  readonly wanted: string;
}

/** What a node does with connections from outside of the cluster. */
export interface OutsideWay {
  /** externalTrafficPolicy: Local. */
  readonly isLocal: boolean;
  /** On each node. */
  readonly nodePort?: number;
  /** By it a load balancer learns which nodes to pass over. */
  readonly healthCheckNodePort?: number;
}

/** Where an endpoint is. */
export interface EndpointPlace {
  readonly address: string;
  readonly port: number;
  readonly node?: string;
}

/** The endpoints of a Service's port as the API has them. */
export interface ProxiedEndpoints {
  readonly ready: readonly EndpointPlace[];
  /** Those that are not ready, or about to go, too: kube-proxy falls back to them. */
  readonly all: readonly EndpointPlace[];
  /** Nodes of one zone may be given only some of them. */
  readonly isZoned: boolean;
  /** They have not changed for so long that kube-proxy must have heard of it. */
  readonly isSettled: boolean;
}

/** What the check gets before it runs; plain JSON. */
export interface ServiceInput {
  readonly services: readonly ServiceInfo[];
  /** Of the target; empty where it has none. */
  readonly node: string;
  /** The target's own. A name would not do: a pod of another namespace can have the same. */
  readonly addresses: readonly string[];
  /** The target's resolver is the cluster's, by its dnsPolicy: names of Services are for it to know. */
  readonly hasClusterDns: boolean;
}

/** One connection. */
export interface Attempt {
  readonly reach: Measured<Reach>;
  readonly result: ProbeResult | undefined;
  /**
   * `works`: it connected, or an answer came. `unclear`: a datagram without an answer, or nothing was measured.
   */
  readonly state: 'works' | 'refused' | 'silent' | 'fails' | 'unclear';
  /** Its name does not resolve, so that nothing was sent. */
  readonly isUnresolved: boolean;
  /** It works, after SYN had to be sent again: the first one was lost. */
  readonly isSlow: boolean;
}

export interface EndpointFacts {
  readonly endpoint: EndpointInfo;
  readonly isSelf: boolean;
  readonly attempt: Attempt;
  /** The same port number by a datagram, and another one to compare with: asked where TCP is refused. */
  readonly byUdp?: { readonly same: Attempt; readonly other: Attempt };
  /** Other ports of the pod that accept connections, tried where this one is a suspect. */
  readonly openPorts: readonly number[];
  /** The same port by the pod's address of the other family; `undefined`: it was not tried. */
  readonly otherFamily: Attempt | undefined;
}

export interface ServiceFacts {
  readonly info: ServiceInfo;
  readonly endpoints: readonly EndpointFacts[];
  /** By the cluster IP; several, since each may meet another endpoint. */
  readonly virtual: readonly Attempt[];
  /** By its name, each looked up by itself; none of an alias, and one of two families alone. */
  readonly names: readonly Attempt[];
  /** Ends of the target's own connections to the cluster IP that are open and have carried something; empty: none was in use. */
  readonly lasting: readonly string[];
  readonly connectionsResult: ProbeResult | undefined;
  /** To each pod that is about to go, in their order. */
  readonly ending: readonly Attempt[];
  /** No ready endpoint is on the target's node, and the Service takes no other. */
  readonly isLocalOnly: boolean;
  /** kube-proxy's rules at the end of the run, and at its beginning; `undefined`: it has none there, or none were asked for. */
  readonly rules: ServiceRules | undefined;
  readonly earlierRules: ServiceRules | undefined;
  readonly rulesResult: ProbeResult | undefined;
  /** At the beginning and at the end, the node had rules of no Service, and nothing that could work without them. */
  readonly hasNoRules: boolean;
}

/** Everything of one run. */
export interface ServicesFacts {
  readonly services: readonly ServiceFacts[];
  /** Another Service's address: whether any works. */
  readonly reference: Attempt | undefined;
  /** The same Service by its name, which every name server of the cluster knows. */
  readonly referenceName: Attempt | undefined;
  readonly input: ServiceInput;
}

/** `web-0 (198.51.100.7:8080)`. */
export function endpointName({ endpoint }: EndpointFacts): string {
  const { pod, address, port } = endpoint;
  const end = socketAddress(address, port);
  return pod === undefined ? end : `pod ${pod} (${end})`;
}

/** A headless Service whose pods have the port under another number: nobody translates it. */
export function isUnmapped({ type, clusterIp, endpoints, port }: ServiceInfo): boolean {
  return (
    type !== 'ExternalName' &&
    clusterIp === undefined &&
    endpoints.length > 0 &&
    endpoints.every((one) => one.port !== port)
  );
}

export function failing(facts: ServiceFacts): readonly EndpointFacts[] {
  return facts.endpoints.filter(({ attempt: { state } }) => state !== 'works' && state !== 'unclear');
}

export function working(facts: ServiceFacts): readonly EndpointFacts[] {
  return facts.endpoints.filter(({ attempt: { state } }) => state === 'works');
}

export function failures(attempts: readonly Attempt[]): readonly Attempt[] {
  return attempts.filter(({ state }) => state !== 'works' && state !== 'unclear');
}
