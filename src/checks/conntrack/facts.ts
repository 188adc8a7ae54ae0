/** What the conntrack check knows once its evidence is parsed; the rules judge this and nothing else. Pure. */

import type { ProbeResult } from '../../model/evidence.ts';
import type { PlaceWords } from '../../model/place-words.ts';
import type { ConntrackEntry, ConntrackHolders, ConntrackStats } from '../../parsers/conntrack.ts';
import type { IptablesTable } from '../../parsers/iptables-tables.ts';
import type { Measured } from '../shared/measured.ts';
import type { OneSided } from './one-sided.ts';

/** A Service's virtual address and port, and what stands behind it by the API. */
export interface VirtualService {
  readonly name: string;
  readonly namespace: string;
  readonly addresses: readonly string[];
  readonly ports: readonly { readonly protocol: 'tcp' | 'udp'; readonly port: number }[];
  /** Addresses of all its endpoints, those included that are ending: they still have connections. */
  readonly endpoints: readonly string[];
}

/** A port of the node that leads to a pod by UDP (hostPort). */
export interface HostPort {
  /** `namespace/name` of the pod. */
  readonly pod: string;
  readonly port: number;
}

/** What the check gets before it runs; plain JSON. */
export interface ConntrackInput {
  /** Time between the two snapshots that this check waits itself, in ms; 0 leaves it to the other checks' probes. */
  readonly watchMs: number;
  /** The target shares the node's namespace: what is seen is the node's table. */
  readonly isNode: boolean;
  /** NT-CT-001 is critical above this share of the table's limit. */
  readonly criticalShare: number;
  /** Absent where they may not be read. */
  readonly services?: readonly VirtualService[];
  /** There is no cluster to read them from: it is a machine like any other. */
  readonly hasNoCluster?: true;
  /** Of a node: its own addresses, and what its pods publish there by UDP. */
  readonly nodeAddresses?: readonly string[];
  readonly hostPorts?: readonly HostPort[];
  /** On a node, where not all Services may be read: the namespaces that `services` are of. */
  readonly onlyNamespaces?: readonly string[];
}

interface Snapshot {
  readonly fill: { readonly count: number; readonly max: number } | undefined;
  readonly stats: ConntrackStats | undefined;
  readonly results: {
    readonly fill: ProbeResult | undefined;
    /** The command that `stats` came from. */
    readonly stats: ProbeResult | undefined;
  };
}

/** A connection that was translated to another address, as it was afterwards. */
export interface Translated {
  readonly entry: ConntrackEntry;
  /** Packets still come: it has no answer yet, which it forgets soon, or its time was set again during the run. */
  readonly isLive: boolean;
  readonly result: ProbeResult;
}

export interface ConntrackFacts {
  readonly before: Snapshot;
  readonly after: Snapshot;
  readonly translated: Measured<readonly Translated[]>;
  /** `undefined`: the table was far from full, or could not be listed. */
  readonly holders: ConntrackHolders | undefined;
  readonly holdersResult: ProbeResult | undefined;
  /** Of a node: those by UDP that were not translated, and have no answer. */
  readonly untranslated: Measured<readonly Translated[]>;
  /** Of a node, as in the input. */
  readonly hostPorts: readonly HostPort[];
  readonly nodeAddresses: readonly string[];
  readonly services: readonly VirtualService[];
  readonly hasNoCluster: boolean;
  /** Absent: `services` are all that matter here. */
  readonly onlyNamespaces: readonly string[] | undefined;
  readonly isNode: boolean;
  readonly criticalShare: number;
  /** Of a node: after how many seconds without a packet a connection is forgotten; `undefined`: not readable. */
  readonly establishedSeconds: number | undefined;
  readonly establishedResult: ProbeResult | undefined;
  /** Of a node: the table `raw` of both kinds of iptables, as far as they could be read. */
  readonly raw: readonly { readonly table: IptablesTable; readonly result: ProbeResult }[];
  /** Of a node: nf_conntrack_tcp_be_liberal; `undefined`: not readable. */
  readonly liberal: number | undefined;
  readonly liberalResult: ProbeResult | undefined;
  /** Of a node: a rule drops what tracking calls invalid; `undefined`: not all rules could be read. */
  readonly dropsInvalid: boolean | undefined;
  /** Of a node: a rule translates destinations, as those of Services. */
  readonly hasTranslations: boolean;
  /** Answers that such a rule drops, since no question of theirs came by; `undefined`: none, or it was not looked for. */
  readonly oneSided: OneSided | undefined;
  readonly words: PlaceWords;
}

/** How much a counter grew in the run; 0 where it is not known, at either of its ends. */
export function grown({ before, after }: ConntrackFacts, name: string): number {
  if (!before.stats || !after.stats) return 0;
  return Math.max(0, (after.stats[name] ?? 0) - (before.stats[name] ?? 0));
}

/** Whose table it is, in words. */
export function owner({ isNode, words }: ConntrackFacts): string {
  return isNode ? words.hostTable : `the connection table of ${words.namespace}`;
}
