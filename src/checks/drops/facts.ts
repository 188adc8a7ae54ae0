/** What the drops check knows once its evidence is parsed; its rules judge this and nothing else. Pure. */
import type { ProbeResult } from '../../model/evidence.ts';
import type { DropFlow, DropPlace, DropWatch } from '../../parsers/drops.ts';
import type { Rules } from '../shared/drops/rule-of.ts';
import type { Measured } from '../shared/measured.ts';

/** What the check gets before it runs; plain JSON. */
export interface DropsInput {
  /** 0: while the probes of a diagnosis run. */
  readonly durationMs: number;
  /** Of which namespaces: all of the machine, or the target's own. */
  readonly scope: 'machine' | 'own';
  /** The pod whose network it is. */
  readonly pod?: string;
  /** The pod that was asked for, where it is in its node's network as others are. */
  readonly hostPod?: string;
  /** Its own namespace is the machine's. */
  readonly isHost: boolean;
  /** Where the machine's files are, as the commands see them; empty on the machine itself. */
  readonly root: string;
  /** Of a diagnosis, why its kernel could not be watched meanwhile. */
  readonly unwatched?: string;
  /** Only flows with these; empty: all flows. */
  readonly peers: readonly { readonly host: string; readonly port: number }[];
  /** The target's own addresses, where what its machine drops of its flows is watched too. */
  readonly own: readonly string[];
  /** Who has an address: `shop/web-0`, `svc shop/db`, `node1`. */
  readonly names: Readonly<Record<string, string>>;
  /** Why some names are not known, in words that end a sentence. */
  readonly namesSkipped?: string;
}

/** A network namespace, in words. */
export interface DropWhere {
  /** As `netns ls` has it; `own`: the target's, which is no pod's; `unknown`: nobody is in it any more. */
  readonly kind: string;
  readonly name: string;
  /** Names of interfaces by their index. */
  readonly interfaces: ReadonlyMap<number, string>;
}

/** One place in the kernel's code, in one namespace, with its flows. */
export interface SeenDrops extends DropPlace {
  /** The ID of what it is; absent: it is harmless. */
  readonly finding: string | undefined;
  readonly where: DropWhere;
  /** The rules of netfilter there; absent: they were not read. */
  readonly rules?: Rules | undefined;
  /** The greatest first. */
  readonly flows: readonly DropFlow[];
}

export interface DropsFacts {
  readonly watch: Measured<DropWatch>;
  readonly seen: readonly SeenDrops[];
  /** Of a diagnosis, how many packets came meanwhile; fewer drops than a share of them are of one moment. */
  readonly received: number | undefined;
  readonly input: DropsInput;
  readonly result: ProbeResult | undefined;
}
