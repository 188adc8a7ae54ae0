/**
 * What the docker check knows: what the engine says of the target's networks and of containers that DESTs name, and
 * what the host's own network does to the target's packets. Pure.
 */
import type { Destination } from '../../model/destination.ts';
import type { DockerProxy, PublishedPort } from '../../model/docker-ports.ts';
import type { ProbeResult } from '../../model/evidence.ts';
import type { ConntrackEntry } from '../../parsers/conntrack.ts';
import type { Forwarding } from '../../parsers/forwarding.ts';
import type { Interface } from '../../parsers/ip-addr.ts';
import type { Route } from '../../parsers/ip-route.ts';
import type { IptablesTable } from '../../parsers/iptables-tables.ts';
import type { Listener } from '../../parsers/listeners.ts';
import type { Reach } from '../../parsers/reach.ts';
import type { AnswerWays } from '../shared/answers.ts';
import type { Measured } from '../shared/measured.ts';
import type { RuleSnapshots } from '../shared/rule-hits.ts';

/** A network that the target is attached to. */
export interface DockerNetwork {
  readonly name: string;
  /** `bridge`, `overlay`, `macvlan`, … */
  readonly driver: string;
  readonly subnets: readonly string[];
  /** Empty where it has none. */
  readonly gateway: string;
  /** The host's interface that a macvlan or ipvlan network sits on, where it names one. */
  readonly parent?: string;
  /** The target's addresses on it. */
  readonly addresses: readonly string[];
  /** Made with --internal: Docker gives it no way out. */
  readonly internal: boolean;
  /** The default bridge, docker0, which has no DNS of its own. */
  readonly isDefaultBridge: boolean;
  /** False: containers on it may not connect to each other (com.docker.network.bridge.enable_icc). */
  readonly connectsContainers: boolean;
  /** False: somebody wanted no translation of its addresses (enable_ip_masquerade, gateway_mode_ipv4). */
  readonly masquerades: boolean;
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
}

/** What the check is told before it runs; plain JSON. */
export interface DockerInput {
  readonly container: string;
  /** As docker run --network takes it: `default`, `host`, `none`, `container:ID`, or a network's name. */
  readonly mode: string;
  readonly networks: readonly DockerNetwork[];
  readonly published: readonly PublishedPort[];
  /** The container whose network the target shares (network mode `container:`), as the engine has it. */
  readonly owner?: Pick<DockerInput, 'container' | 'networks' | 'published'>;
  readonly peers: readonly DockerPeer[];
  /** Networks of the engine that the target is not on. */
  readonly others: readonly (Pick<DockerNetwork, 'name' | 'subnets'> & { readonly driver: string })[];
  /** The DESTs, which the check tries as others do. */
  readonly destinations: readonly Destination[];
  /** Those of the machine that runs the engine; absent: its processes cannot be seen from here. */
  readonly proxies?: readonly DockerProxy[];
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

/** Everything of one run. */
export interface DockerFacts {
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

/** What one kind of iptables shows: a packet passes the rules of both. */
export interface RuleBook {
  readonly source: 'iptables-nft' | 'iptables-legacy';
  readonly tables: ReadonlyMap<string, IptablesTable>;
  readonly before: ReadonlyMap<string, IptablesTable>;
  readonly result: ProbeResult;
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
  /** Of its own table: datagrams to published ports that came before the run, and came during it. */
  readonly datagrams: Measured<readonly ConntrackEntry[]>;
  /** Rules that stop packets and whose counter grew while the probes ran, whoever's packets it was. */
  readonly grown: RuleSnapshots['grown'];
  /** Whether a rule that nft alone shows translates addresses. */
  readonly translatesByNft: boolean;
  readonly results: {
    readonly forwarding: ProbeResult | undefined;
    readonly listeners: ProbeResult | undefined;
    readonly datagrams: ProbeResult | undefined;
  };
}
