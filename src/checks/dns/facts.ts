/** What the dns check knows once its evidence is parsed; the rules judge this and nothing else. Pure. */

import type { ProbeResult } from '../../model/evidence.ts';
import type { Reason } from '../../model/reason.ts';
import type { DigAnswer } from '../../parsers/dig.ts';
import type { DnsProbe, DnsQuery, ResolverRun } from '../../parsers/dns-probe.ts';
import type { Interface } from '../../parsers/ip-addr.ts';
import type { Neighbour } from '../../parsers/ip-neigh.ts';
import type { Listener } from '../../parsers/listeners.ts';
import type { ResolvConf } from '../../parsers/resolv-conf.ts';
import type { SeenIcmpError } from '../../parsers/tcpdump-icmp.ts';
import type { NetworkPolicy, PolicyEnd, PolicyVerdict } from '../shared/network-policy.ts';

/** A container of a DNS server that ended not long ago, or that is not started again at once because it ends each time. */
export interface EndedContainer {
  readonly pod: string;
  readonly container: string;
  /** In the kubelet's word, `OOMKilled` or `Error`. */
  readonly reason: string;
  readonly exitCode: number;
  readonly ageSeconds: number;
  readonly restarts: number;
  /** The kubelet waits before it starts it again (CrashLoopBackOff). */
  readonly isWaiting: boolean;
  /** As the pod's spec has it; absent: none. */
  readonly memoryLimit?: string;
}

/** A server behind the cluster's DNS Service. */
export interface DnsEndpoint {
  readonly address: string;
  readonly udpPort: number;
  readonly tcpPort: number;
  readonly pod?: string;
  readonly node?: string;
  /** As NetworkPolicies see it. */
  readonly end?: PolicyEnd;
}

/** A Service of kube-system that listens on port 53; or Docker's own name server, and whom it asks. */
export interface DnsService {
  readonly namespace: string;
  readonly name: string;
  readonly addresses: readonly string[];
  /** Those that are ready. */
  readonly endpoints: readonly DnsEndpoint[];
  /** Absent: none of them did, or the pods may not be read. */
  readonly ended?: readonly EndedContainer[];
  /** It is Docker's own name server (127.0.0.11), and the endpoints are the servers that it asks in turn. */
  readonly isDockers?: true;
}

/** A Service that a name is that of; a headless one alone if its endpoints are as young as a denial in a cache. */
export interface KnownService {
  readonly namespace: string;
  readonly name: string;
  /** It is the name of this host behind a headless Service. */
  readonly host?: string;
  /** Virtual ones; absent: it has none. */
  readonly addresses?: readonly string[];
  /** It is an ExternalName for an IPv4 address, which DNS takes for a name. */
  readonly alias?: string;
  /** It is headless, and how long ago its endpoints last changed. */
  readonly changedSeconds?: number;
  /** How long ago it was made, where that is less than a minute: caches keep denials for so long at most. */
  readonly ageSeconds?: number;
}

export interface TooLong {
  readonly host: string;
  readonly label: string;
  readonly pod?: { readonly namespace: string; readonly name: string };
}

/** How the pod's spec says that its resolv.conf is made. */
export interface PodDns {
  readonly policy: string;
  readonly hostNetwork: boolean;
  /** Servers that dnsConfig adds. */
  readonly configServers: readonly string[];
  readonly addresses: readonly string[];
}

/** What the API knows, or why it could not be asked. */
export type FromApi<T> =
  | { readonly value: T; readonly skipped?: undefined }
  | { readonly value?: undefined; readonly skipped: string };

/** Why the API thinks that a name is not there. */
export interface AbsenceReason {
  /** Continues a sentence; without a full stop. */
  readonly text: string;
  /** The pod of that name is not ready, and its Service publishes the names of ready pods alone. */
  readonly isUnready: boolean;
}

/** What the check is told before it runs; plain JSON. */
export interface DnsInput {
  /** Names that the user asked for. */
  readonly names: readonly string[];
  /** Names of DESTs, which are looked up too. */
  readonly destinations: readonly string[];
  /** Those of them that are one too many. */
  readonly leftOut?: readonly string[];
  /** Hosts of DESTs that no name server can be asked for, with the label that is too long, and the pod that has it as its name. */
  readonly tooLong?: readonly TooLong[];
  /** By name: why the API thinks that it is not there. */
  readonly reasons?: Readonly<Record<string, AbsenceReason>>;
  /** By name: the Service that has it, as the API says; none that is headless, whose name may rightly be empty. */
  readonly known?: Readonly<Record<string, KnownService>>;
  readonly pod: PodDns;
  /** This machine may have the name servers' addresses: it is asked who listens there. `target`: it is the target itself. */
  readonly machine?: 'beside' | 'target';
  /** Of a Docker container: the servers that docker run --dns names, and of podman the gateways of its networks. */
  readonly docker?: { readonly servers: readonly string[]; readonly gateways?: readonly string[] };
  readonly services: FromApi<readonly DnsService[]>;
  readonly policies: FromApi<{
    readonly from: PolicyEnd;
    readonly policies: readonly NetworkPolicy[];
    /** What belongs to it and may not be read, with the reason. */
    readonly unread?: readonly { readonly what: string; readonly reason: string }[];
  }>;
}

/**
 * How a server answers by one protocol. `silent`: every try timed out. `refused`, `unreachable` and `garbled`: at least
 * one of them was so, and none was answered. `unasked`: nothing was asked, or nothing could be.
 */
export type Reach = 'answers' | 'garbled' | 'silent' | 'refused' | 'unreachable' | 'unasked';

/** One server over one protocol. */
export interface Transport {
  readonly reach: Reach;
  readonly queries: readonly DnsQuery[];
}

/** One server. */
export interface ServerFacts {
  readonly address: string;
  readonly role: 'server' | 'endpoint';
  /** As a person calls it: `198.51.100.10 (kube-dns)`, `coredns-abc (198.51.100.7)`. */
  readonly label: string;
  readonly udp: Transport;
  readonly tcp: Transport;
  /** The Service that it is the address of, or an endpoint of. */
  readonly service: DnsService | undefined;
  readonly endpoint: DnsEndpoint | undefined;
}

/** What is asked for one name. */
export interface Candidate {
  /** Ends with a dot. */
  readonly name: string;
  /** The UDP answers of the servers of resolv.conf. */
  readonly answers: readonly DnsQuery[];
}

/** One name as an application looks it up. */
export interface NameFacts {
  readonly name: string;
  /** `default`: nobody asked for it. */
  readonly origin: 'asked' | 'destination' | 'default';
  /** In the resolver's order. */
  readonly candidates: readonly Candidate[];
  /** The first candidate that has an address. */
  readonly found: Candidate | undefined;
  /** Queries until it is found, A and AAAA for each candidate; absent when it is not known to be found. */
  readonly cost: number | undefined;
  readonly resolver: ResolverRun | undefined;
  /** The same once more, where the first took as long as a time-out. */
  readonly again: ResolverRun | undefined;
}

/** A name below another one that nobody has made, and that has an address all the same. */
export interface StrangerAnswer {
  /** The one that it is below, as it was asked for. */
  readonly below: string;
  /** As it was found; ends with a dot. */
  readonly found: string;
  readonly addresses: readonly string[];
  /** The line of the answer. */
  readonly line: string;
  readonly result: ProbeResult;
}

/** What this machine says of its own addresses and listeners. */
export interface Machine {
  readonly isTarget: boolean;
  readonly interfaces: readonly Interface[];
  readonly listeners: readonly Listener[];
  readonly result: ProbeResult;
}

/** Everything that was learnt in one run. */
export interface DnsFacts {
  readonly probe: DnsProbe;
  readonly result: ProbeResult | undefined;
  /** Why the probe's output is not known, or not to its end. */
  readonly unread: Reason | undefined;
  readonly resolvConf: ResolvConf;
  /** Why resolv.conf is not known; its servers are then those that the probe asked. */
  readonly noResolvConf: Reason | undefined;
  readonly resolvConfResult: ProbeResult | undefined;
  /** Of resolv.conf, in its order. */
  readonly servers: readonly ServerFacts[];
  readonly endpoints: readonly ServerFacts[];
  readonly names: readonly NameFacts[];
  readonly icmp: readonly SeenIcmpError[];
  /** Hosts of the target's links that answer for their address, of those that were sent something; none where that is not known. */
  readonly reachable: readonly Neighbour[];
  /** The machine that may have the servers' addresses; absent: nobody looked there, or it could not be read. */
  readonly machine?: Machine;
  /** Names asked for once more, each time as a question that a cache has not answered yet. */
  readonly again: readonly DnsQuery[];
  /** Answers for names that nobody has given to a host. */
  readonly strangers: readonly StrangerAnswer[];
  /** Of domains at the top that exist for certain, those that the first server says do not. */
  readonly denied: { readonly tops: readonly string[]; readonly result: ProbeResult | undefined };
  /** What became of the questions for the name of the target's own address; `undefined`: none was asked. */
  readonly reverse:
    | { readonly address: string; readonly answers: readonly DigAnswer[]; readonly result: ProbeResult }
    | undefined;
  readonly input: DnsInput;
  /** The target is itself one of the cluster's DNS servers. */
  readonly isDnsServer: boolean;
  readonly policy: {
    readonly udp: readonly EndpointVerdict[];
    readonly tcp: readonly EndpointVerdict[];
  };
}

/** What NetworkPolicies say about the way to one server. */
export interface EndpointVerdict {
  readonly label: string;
  /** That packets have when they get there: a Service's port may lead to another. */
  readonly port: number;
  readonly verdict: PolicyVerdict;
}
