/** What the docker check knows: what the engine says of the target's networks, and of containers that DESTs name. Pure. */

/** A network that the target is attached to. */
export interface DockerNetwork {
  readonly name: string;
  /** `bridge`, `overlay`, `macvlan`, … */
  readonly driver: string;
  readonly subnets: readonly string[];
  /** Empty where it has none. */
  readonly gateway: string;
  /** The target's addresses on it. */
  readonly addresses: readonly string[];
  /** Made with --internal: Docker gives it no way out. */
  readonly internal: boolean;
  /** The default bridge, docker0, which has no DNS of its own. */
  readonly isDefaultBridge: boolean;
  /** False: containers on it may not connect to each other (com.docker.network.bridge.enable_icc). */
  readonly connectsContainers: boolean;
}

/** A port of the target that the host passes on. */
export interface PublishedPort {
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  readonly hostAddress: string;
  readonly hostPort: number;
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
  readonly peers: readonly DockerPeer[];
}

/** Everything of one run. */
export interface DockerFacts {
  readonly input: DockerInput;
  /** The name servers of the target's resolv.conf; `undefined` when it could not be read. */
  readonly nameServers: readonly string[] | undefined;
}

/** Where the engine's own name server listens in the namespaces of user-defined networks (libnetwork, resolver.go). */
export const EMBEDDED_DNS = '127.0.0.11';
