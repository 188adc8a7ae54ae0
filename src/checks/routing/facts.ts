/** What the routing check knows once its evidence is parsed; the rules judge this and nothing else. Pure. */

import type { Destination } from '../../model/destination.ts';
import type { ProbeResult } from '../../model/evidence.ts';
import type { Forwarding } from '../../parsers/forwarding.ts';
import type { Interface } from '../../parsers/ip-addr.ts';
import type { Neighbour } from '../../parsers/ip-neigh.ts';
import type { AddressFamily } from '../../parsers/ip-prefix.ts';
import type { Route, RoutingRule } from '../../parsers/ip-route.ts';
import type { IptablesTable } from '../../parsers/iptables-tables.ts';
import type { OddSocket } from '../../parsers/odd-sockets.ts';
import type { AdvertisementSettings } from '../../parsers/router-advertisements.ts';
import type { AnswerWays } from '../shared/answers.ts';
import type { CounterSnapshots } from '../shared/counters.ts';
import type { NodeNetwork } from '../shared/node-network.ts';
import type { PodAddresses } from '../shared/pod-addresses.ts';
import type { Way } from '../shared/way.ts';

/** What the check gets before it runs; plain JSON. */
export interface RoutingInput {
  readonly destinations: readonly Destination[];
  readonly pod: PodAddresses;
  /** Of a node that the API knows. */
  readonly cluster?: NodeNetwork;
  /** Of a pod that is not ready: what the kubelet connects to, and from which addresses it may. */
  readonly probed?: Probed;
}

/** Who asks whether a pod lives. */
export interface Probed {
  /** Of the containers that are not ready: TCP ports. */
  readonly ports: readonly { readonly container: string; readonly port: number }[];
  /** Addresses of its node, as the pod's status has them. */
  readonly node: readonly string[];
}

/** Everything that was seen in one run. Lists that could not be read are `undefined`. */
export interface RoutingFacts {
  readonly ways: readonly Way[];
  readonly pod: PodAddresses;
  readonly cluster: NodeNetwork | undefined;
  readonly probed: Probed | undefined;
  /** What decides of what the target answers; read where somebody is known to ask. */
  readonly answers: AnswerWays | undefined;
  readonly interfaces: readonly Interface[] | undefined;
  readonly routes: readonly Route[] | undefined;
  readonly rules: Readonly<Record<AddressFamily, readonly RoutingRule[] | undefined>>;
  readonly counters: CounterSnapshots;
  /** Interfaces that drop what did not come the way that its answer would go; `undefined`: not readable. */
  readonly strict: readonly string[] | undefined;
  /** Whether the reverse lookup of an interface knows the mark of a packet; `undefined`: not readable. */
  readonly marksCount: ((device: string) => boolean) | undefined;
  /** Whether an interface answers ARP for others (`undefined`: it is not known there); `undefined`: not readable. */
  readonly proxyArp: ((device: string) => boolean | undefined) | undefined;
  /** By interface: what it does with router advertisements; `undefined`: not readable, or there is no IPv6. */
  readonly advertisements: ReadonlyMap<string, AdvertisementSettings> | undefined;
  /** Of a host: handshakes that are not complete; `undefined`: not read. */
  readonly handshakes: readonly OddSocket[] | undefined;
  /** Asked for on a host alone. */
  readonly forwarding: Forwarding | undefined;
  /** Of a host: whether what crosses a bridge passes iptables, by the name of the setting; `undefined`: not readable. */
  readonly bridgeCalls: ReadonlyMap<string, boolean> | undefined;
  /** Of a host, before the probes and after them. */
  readonly neighboursBefore: readonly Neighbour[] | undefined;
  readonly neighbours: readonly Neighbour[] | undefined;
  /** Of a host: both kinds of iptables, as far as they could be read. */
  readonly filters: readonly {
    readonly tables: ReadonlyMap<string, IptablesTable>;
    readonly result: ProbeResult;
  }[];
  readonly results: Readonly<
    Record<
      | 'interfaces'
      | 'routes'
      | 'rules'
      | 'rules6'
      | 'rpFilter'
      | 'forwarding'
      | 'bridgeCalls'
      | 'neighbours'
      | 'handshakes',
      ProbeResult | undefined
    >
  >;
}
