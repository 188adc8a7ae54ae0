/** What the interfaces check knows once its evidence is parsed; the rules judge this and nothing else. Pure. */

import type { Destination } from '../../model/destination.ts';
import type { ProbeResult } from '../../model/evidence.ts';
import type { Reason } from '../../model/reason.ts';
import type { Interface } from '../../parsers/ip-addr.ts';
import type { LinkCounters } from '../../parsers/ip-link.ts';
import type { NicCounters } from '../../parsers/nic-counters.ts';
import type { Softnet } from '../../parsers/softnet.ts';

/** What the check gets before it runs; plain JSON. */
export interface InterfacesInput {
  readonly destinations: readonly Destination[];
  /** Empty where the API names none. */
  readonly podIps: readonly string[];
  /** The node's own namespace, which has interfaces that are down for good reasons. */
  readonly hostNetwork: boolean;
}

/** What one interface counted during the run. */
export interface Traffic {
  readonly name: string;
  readonly received: { readonly packets: number; readonly errors: number };
  readonly sent: { readonly packets: number; readonly errors: number };
  readonly carrierChanges: number;
}

/** Everything that was seen in one run. */
export interface InterfacesFacts {
  /** As they were before the probes; `undefined`: could not be read. */
  readonly interfaces: readonly Interface[] | undefined;
  /** Those whose failure is the target's: they carry its address or its routes. */
  readonly needed: readonly Interface[];
  /** Why the routes are not known, and so perhaps not all that are needed. */
  readonly noRoutes: Reason | undefined;
  readonly traffic: readonly Traffic[];
  readonly isHost: boolean;
  /** Asked for on a host alone: what its hardware's drivers counted. */
  readonly hardware: { readonly before: readonly NicCounters[]; readonly after: readonly NicCounters[] };
  /** Asked for on a host alone: what its CPUs did with received packets. */
  readonly softnet: { readonly before: Softnet | undefined; readonly after: Softnet | undefined };
  /** Tasks for each of the host's CPUs that ran or waited, over the last minute; `undefined`: not known, or it is no host. */
  readonly tasksPerCpu: number | undefined;
  /** Why the hardware's counters are not known, at one of the ends at least. */
  readonly noHardware: Reason | undefined;
  readonly results: Readonly<
    Record<'interfaces' | 'before' | 'after' | 'hardware' | 'softnet' | 'load', ProbeResult | undefined>
  >;
  readonly counted: { readonly before: readonly LinkCounters[]; readonly after: readonly LinkCounters[] };
}
