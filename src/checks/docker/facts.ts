/**
 * What the docker check knows: what the engine says of the target's networks and of containers that DESTs name, and
 * what the host's own network does to the target's packets. Pure.
 */
import type { Destination } from '../../model/destination.ts';
import type { DockerProxy, PublishedPort } from '../../model/docker-ports.ts';
import type { ProbeResult } from '../../model/evidence.ts';
import type { BusyTranslation } from '../../parsers/busiest-translations.ts';
import type { ConntrackEntry } from '../../parsers/conntrack.ts';
import type { Forwarding } from '../../parsers/forwarding.ts';
import type { Interface } from '../../parsers/ip-addr.ts';
import type { Neighbour } from '../../parsers/ip-neigh.ts';
import type { Route, RoutingRule } from '../../parsers/ip-route.ts';
import type { Listener } from '../../parsers/listeners.ts';
import type { ProxiedNeighbour } from '../../parsers/proxied-neighbours.ts';
import type { Reach } from '../../parsers/reach.ts';
import type { TunnelWay } from '../../parsers/tunnel-way.ts';
import type { AnswerWays } from '../shared/answers.ts';
import type { CounterSnapshots } from '../shared/counters.ts';
import type { Measured } from '../shared/measured.ts';
import type { RuleBook } from '../shared/rule-books.ts';
import type { RuleSnapshots } from '../shared/rule-hits.ts';

/** A network that the target is attached to. */
export interface DockerNetwork {
  readonly name: string;
  /** `bridge`, `overlay`, `macvlan`, … */
  readonly driver: string;
  readonly subnets: readonly string[];
  /** Empty where it has none. */
  readonly gateway: string;
  /** The name of its bridge on the host; absent: it has none, or the engine's names are not known. */
  readonly bridge?: string;
  /** Somebody wanted its bridge without an IPv4 address (inhibit_ipv4, gateway_mode_ipv4=isolated). */
  readonly isBridgeBare?: true;
  /** The host's interface that a macvlan or ipvlan network sits on, where it names one. */
  readonly parent?: string;
  /** The target's addresses on it. */
  readonly addresses: readonly string[];
  /** Of an overlay: the other hosts that it spans, this one among them, and the largest packet that its tunnel sends them. */
  readonly tunnel?: { readonly peers: readonly string[]; readonly bytes: number };
  /** Made with --internal: Docker gives it no way out. */
  readonly internal: boolean;
  /** The default bridge, docker0, which has no DNS of its own. */
  readonly isDefaultBridge: boolean;
  /** False: containers on it may not connect to each other (com.docker.network.bridge.enable_icc). */
  readonly connectsContainers: boolean;
  /** False: somebody wanted no translation of its addresses (enable_ip_masquerade, gateway_mode_ipv4). */
  readonly masquerades: boolean;
  /** MAC addresses that several of its running containers have; absent: none. */
  readonly doubles?: readonly { readonly mac: string; readonly containers: readonly string[] }[];
}

/** A container of the same engine that a DEST means. */
export interface DockerPeer {
  /** DEST as the user typed it. */
  readonly destination: string;
  /** What in DEST means it. */
  readonly by: 'name' | 'address';
  readonly container: string;
  readonly isRunning: boolean;
  readonly networks: readonly string[];
  /** The container whose network it shares; it has none of its own then, and no name there. */
  readonly sharesWith?: string;
  /** Containers that shared its network when it was started anew, and were not. */
  readonly leftBehind?: readonly string[];
}

/** One of the addresses that stand for a DEST which is a name: a container's on a network of the target. */
export interface DockerHolder {
  /** DEST as the user typed it. */
  readonly destination: string;
  /** Letters, digits and hyphens: part of the id of its command. */
  readonly id: string;
  readonly container: string;
  readonly network: string;
  readonly address: string;
  /** What it was made from: `project/service` of Compose, else its image. */
  readonly kind: string;
}

/** What the check is told before it runs; plain JSON. */
export interface DockerInput {
  readonly container: string;
  /** As docker run --network takes it: `default`, `host`, `none`, `container:ID`, or a network's name. */
  readonly mode: string;
  readonly networks: readonly DockerNetwork[];
  readonly published: readonly PublishedPort[];
  /** The container whose network the target shares (network mode `container:`), as the engine has it. */
  readonly owner?: Pick<DockerInput, 'container' | 'networks' | 'published'> & {
    readonly isRunning?: boolean;
    /** It was started after the target, which shares the network that it had before. */
    readonly isYounger?: boolean;
  };
  /** The container whose network the target shares is not there any more. */
  readonly isOwnerGone?: boolean;
  /** Containers that shared the target's network when it was started anew, and were not. */
  readonly leftBehind?: readonly string[];
  readonly peers: readonly DockerPeer[];
  /** Of each DEST that is the name of a container, where --add-host gives that name another address. */
  readonly pinned?: readonly {
    readonly destination: string;
    readonly address: string;
    readonly container: string;
    /** What the container has. */
    readonly addresses: readonly string[];
  }[];
  /** Of each DEST that is the name of more than one address. */
  readonly holders?: readonly DockerHolder[];
  /** The addresses of all containers of the engine. */
  readonly taken?: readonly string[];
  /** Networks of the engine that the target is not on. */
  readonly others: readonly (Pick<DockerNetwork, 'name' | 'subnets'> & { readonly driver: string })[];
  /** The DESTs, which the check tries as others do. */
  readonly destinations: readonly Destination[];
  /** Those of the machine that runs the engine; absent: its processes cannot be seen from here. */
  readonly proxies?: readonly DockerProxy[];
  /** It is podman's: of its host's rules little is known. */
  readonly isPodman?: boolean;
  /** Why the host's own network could not be looked at; absent: it was, or nobody meant to. */
  readonly unseenHost?: string;
}

/** A network of the target that has a bridge on the host. */
export interface HostLink {
  readonly network: DockerNetwork;
  /** The bridge's name on the host. */
  readonly bridge: string;
  /** The target's IPv4 address on it. */
  readonly address: string;
}

/** A DEST, and what became of connecting to it. */
export interface Tried {
  readonly destination: Destination;
  readonly reach: Measured<Reach>;
  readonly result: ProbeResult | undefined;
  readonly address: string;
  readonly port: number;
}

/** One address of a name, and what became of connecting to it. */
export interface TriedHolder {
  readonly holder: DockerHolder;
  readonly destination: Destination;
  readonly reach: Measured<Reach>;
  readonly result: ProbeResult | undefined;
}

/** What both say of the gateway of one network. */
export interface ParentGateway {
  readonly network: DockerNetwork;
  /** Whether it answers echo requests; `undefined`: that could not be measured. */
  readonly container: boolean | undefined;
  readonly host: boolean | undefined;
  /** The container's own entry for it, after the probes. */
  readonly entry: Neighbour | undefined;
}

/** Everything of one run. */
export interface DockerFacts {
  readonly holders: readonly TriedHolder[];
  /** Of macvlan networks; empty where there is none. */
  readonly parentGateways: readonly ParentGateway[];
  /** The target's own addresses but loopback's, where it shares a network; `undefined`: not read. */
  readonly ownAddresses: readonly string[] | undefined;
  /** The target's interfaces after the probes; `undefined`: not read. */
  readonly ownInterfaces: readonly Interface[] | undefined;
  /** What decides in the target's own network of what it answers; absent: it could not be read. */
  readonly answers?: AnswerWays;
  readonly input: DockerInput;
  /** `undefined`: it was not looked at. */
  readonly host: DockerHost | undefined;
  /** Empty without a host. */
  readonly links: readonly HostLink[];
  readonly tried: readonly Tried[];
  /** The name servers of the target's resolv.conf; `undefined` when it could not be read. */
  readonly nameServers: readonly string[] | undefined;
}

/** What the machine that runs the engine shows. */
export interface DockerHost {
  readonly books: readonly RuleBook[];
  /** Those of IPv6; empty where none could be read. */
  readonly books6: readonly RuleBook[];
  readonly interfaces: readonly Interface[];
  readonly routes: readonly Route[];
  /** `undefined` where it could not be read. */
  readonly listeners: readonly Listener[] | undefined;
  readonly forwarding: Forwarding | undefined;
  /** Interfaces that drop what did not come the way that its answer would go; `undefined`: not readable. */
  readonly strict: readonly string[] | undefined;
  /** Routing rules of IPv4; `undefined`: not readable. */
  readonly rules: readonly RoutingRule[] | undefined;
  /** Of its own table: connections that share a translated source and a destination, busiest first. */
  readonly busiest: readonly BusyTranslation[];
  /** How many entries of its table could not be inserted during the run; `undefined`: not readable. */
  readonly insertFailed: number | undefined;
  /** Of overlays: what packets of the tunnel's full size come to, by the address of the other host. */
  readonly tunnelWays: ReadonlyMap<string, Measured<TunnelWay>>;
  /** The kernel's counters at both ends of the run. */
  readonly counters: CounterSnapshots;
  /** Of its own table: datagrams to published ports that came before the run, and came during it. */
  readonly datagrams: Measured<readonly ConntrackEntry[]>;
  /** Programs may listen on addresses that the host does not have; `undefined`: nobody asked, or it is not readable. */
  readonly bindsAnyAddress: boolean | undefined;
  /** Addresses of IPv6 for which the host answers on links as their proxy, by the interface. */
  readonly proxied: readonly ProxiedNeighbour[];
  /** Rules that stop packets and whose counter grew while the probes ran, whoever's packets it was. */
  readonly grown: RuleSnapshots['grown'];
  readonly results: {
    readonly forwarding: ProbeResult | undefined;
    readonly listeners: ProbeResult | undefined;
    readonly datagrams: ProbeResult | undefined;
    readonly rpFilter: ProbeResult | undefined;
    readonly busiest: ProbeResult | undefined;
  };
}
