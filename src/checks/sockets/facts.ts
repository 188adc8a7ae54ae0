/** What the sockets check knows once its evidence is parsed; the rules judge this and nothing else. Pure. */
import type { ProbeResult } from '../../model/evidence.ts';
import type { Listener } from '../../parsers/listeners.ts';
import type { NodePortPlaces } from '../../parsers/node-port-places.ts';
import type { OddSocket } from '../../parsers/odd-sockets.ts';
import type { PortUse } from '../../parsers/port-use.ts';
import type { Unaccepted } from '../../parsers/unaccepted.ts';
import type { WaitingSocket } from '../../parsers/waiting-sockets.ts';
import type { CounterSnapshots } from '../shared/counters.ts';
import type { Measured } from '../shared/measured.ts';
import type { MisreadLink } from '../shared/misread-link.ts';

/** A port on which somebody expects the target to listen. */
export interface ExpectedPort {
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  /**
   * `service`: traffic of this Service goes there. `published`: Docker's host passes a port on. `declared`: the pod's
   * spec or the image names it, which binds nobody.
   */
  readonly by: 'service' | 'published' | 'declared';
  /** `svc/web`, `host port 8080`, or the container. */
  readonly name: string;
}

/** What the check gets before it runs; plain JSON. */
export interface SocketsInput {
  readonly expected: readonly ExpectedPort[];
  /** NT-SOCK-004 from this share of the ephemeral ports on. */
  readonly portShare: number;
  /** Why Services are not among them. */
  readonly servicesSkipped?: string;
  /** DESTs that are names, with a TCP port. */
  readonly names?: readonly NamedPlace[];
  /** The target has the network of a host, and so the sockets of all that runs there. */
  readonly isHost?: true;
  /** Of a node: its ports that rules lead to pods. */
  readonly taken?: readonly TakenPort[];
  /** DESTs outside of the cluster that are addresses, with a TCP port. */
  readonly places?: readonly AddressPlace[];
  /** Of the target and of DESTs that are pods: containers that end by a variable of a Service. */
  readonly misread?: readonly LabelledLink[];
  /** Of a Docker container: the bridge networks that it is on. */
  readonly networks?: readonly DockerPlace[];
}

/** With what it is about: a DEST, or the Service that sends to the target. */
export interface LabelledLink extends MisreadLink {
  readonly label: string;
}

/** A port of a node that rules lead to pods. */
export interface TakenPort {
  readonly kind: 'node port' | 'host port';
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  /** `the NodePort of svc/shop.default`. */
  readonly by: string;
}

/** A DEST that is a name. */
export interface NamedPlace {
  readonly label: string;
  readonly name: string;
  readonly port: number;
  /** It is a part of the cluster's own network. */
  readonly isInside?: true;
}

/** A DEST that is an address. */
export interface AddressPlace {
  readonly label: string;
  readonly address: string;
  readonly port: number;
}

/** A bridge network of Docker, and who has which address on it. */
export interface DockerPlace {
  readonly name: string;
  readonly subnets: readonly string[];
  /** Addresses of containers that run, and the gateway's. */
  readonly taken: readonly string[];
}

/** What a name is on the target. */
export interface NameAddresses extends NamedPlace {
  /** Empty where it was not told. */
  readonly addresses: readonly string[];
  readonly result: ProbeResult | undefined;
}

/** A UDP socket that lost datagrams in the run. */
export interface DroppingSocket {
  readonly local: string;
  readonly dropped: number;
}

/** Everything of one run. */
export interface SocketsFacts {
  readonly input: SocketsInput;
  readonly listeners: Measured<readonly Listener[]>;
  /** Those seen while there was time for connections to come. */
  readonly listenersAfter: Measured<readonly Listener[]>;
  readonly portUse: Measured<PortUse>;
  readonly counters: CounterSnapshots;
  readonly counters6: CounterSnapshots;
  readonly dropping: readonly DroppingSocket[];
  /**
   * Connections that nobody has answered: the target's before the run's own and after them, and a second after the first
   * look those of both; `undefined`: not read.
   */
  readonly waiting: {
    readonly before: readonly WaitingSocket[] | undefined;
    readonly during: readonly WaitingSocket[] | undefined;
    readonly after: readonly WaitingSocket[] | undefined;
  };
  /** Handshakes that are not complete, connections that get no answer, and those at rest; `undefined`: not read. */
  readonly odd: readonly OddSocket[] | undefined;
  /** Connections that no program has accepted; `undefined`: not read. */
  readonly unaccepted: {
    readonly before: readonly Unaccepted[] | undefined;
    readonly after: readonly Unaccepted[] | undefined;
  };
  readonly names: readonly NameAddresses[];
  /** Of a node: at which of its addresses NodePorts are served. */
  readonly nodePortPlaces: NodePortPlaces;
  readonly results: {
    readonly listeners: ProbeResult | undefined;
    readonly listenersAfter: ProbeResult | undefined;
    readonly portUse: ProbeResult | undefined;
    readonly udp: ProbeResult | undefined;
    readonly waitingBefore: ProbeResult | undefined;
    readonly waitingAfter: ProbeResult | undefined;
    readonly odd: ProbeResult | undefined;
    readonly unaccepted: ProbeResult | undefined;
  };
}
