/** A DEST that is `localhost`, which has an address of each family: what becomes of a connection to each. Pure. */
import type { ProbeScripts } from '../../model/check.ts';
import type { Destination } from '../../model/destination.ts';
import type { Evidence, ProbeCommand, ProbeResult } from '../../model/evidence.ts';
import { addressesInHosts } from '../../parsers/hosts-file.ts';
import { parseListeners } from '../../parsers/listeners.ts';
import type { Reach } from '../../parsers/reach.ts';
import { type Measured, read, seenOf } from '../shared/measured.ts';
import { reachOf, reachProbe } from '../shared/reach-probe.ts';
import { snapshot } from '../shared/snapshots.ts';

const NAME = 'localhost';
export const OWN_LISTENERS = 'own-listeners';
/** RFC 6761, 6.3: whatever resolves the name may give either. */
const ADDRESSES = ['127.0.0.1', '::1'] as const;

/** A connection to one of the addresses. */
export interface LoopbackTry {
  readonly address: string;
  readonly reach: Measured<Reach>;
  readonly result: ProbeResult | undefined;
}

/** A name that answers by one of its addresses only. */
export interface Split {
  readonly open: LoopbackTry;
  readonly refused: LoopbackTry;
}

/** What is known of one DEST. */
export interface LoopbackFacts {
  readonly destination: Destination;
  readonly tries: readonly LoopbackTry[];
  /** The addresses that /etc/hosts gives it, in its order. */
  readonly hosts: Measured<readonly string[]>;
  readonly hostsResult: ProbeResult | undefined;
}

/** One end that takes connections and one that refuses them, of those that /etc/hosts gives the name. */
export function splitOf({ tries, hosts }: LoopbackFacts): Split | undefined {
  const named = tries.filter(({ address }) => hosts.value?.includes(address));
  const open = named.find(({ reach }) => reach.value?.tries.at(-1)?.outcome === 'connected');
  const refused = named.find(({ reach }) => reach.value?.tries.at(-1)?.error === 'Connection refused');
  return open && refused && { open, refused };
}

function isLocalhost({ host, protocol, anyPort }: Destination): boolean {
  return host.toLowerCase() === NAME && protocol === 'tcp' && !anyPort;
}

function end({ id }: Destination, i: number): string {
  return `${id}l${i}`;
}

/** What is read before the probes. */
export function hostsFile(destinations: readonly Destination[]): ProbeCommand[] {
  return destinations.some(isLocalhost)
    ? [{ id: 'hosts-file', argv: ['cat', '/etc/hosts'], timeoutSeconds: 5 }]
    : [];
}

/** Who listens on the target: of a connection to itself that is refused it tells more than the refusal. */
export function ownListeners({
  destinations,
  isIsolated,
}: {
  readonly destinations: readonly Destination[];
  readonly isIsolated?: boolean;
}): ProbeCommand[] {
  const isOwn = destinations.some((d) => isLocalhost(d) || d.host.startsWith('127.') || d.host === '::1');
  return isIsolated === true && isOwn ? [snapshot('listeners', OWN_LISTENERS)] : [];
}

/** The addresses on which the target listens on this port. */
export function listensOn(
  result: ProbeResult | undefined,
  { protocol, port }: { readonly protocol: 'tcp' | 'udp'; readonly port: number },
): readonly string[] {
  const all = seenOf(read(result, 'ss', parseListeners)) ?? [];
  return [...new Set(all.filter((l) => l.protocol === protocol && l.port === port).map((l) => l.address))];
}

/** Connections that carry nothing, beside the one to the name. */
export function loopbackProbes(destinations: readonly Destination[], scripts: ProbeScripts): ProbeCommand[] {
  return destinations
    .filter(isLocalhost)
    .flatMap((d) =>
      ADDRESSES.map((host, i) =>
        reachProbe({ id: end(d, i), host, port: d.port, protocol: 'tcp' }, scripts, false),
      ),
    );
}

export function loopbackFacts(evidence: Evidence, destinations: readonly Destination[]): LoopbackFacts[] {
  const hostsResult = evidence['hosts-file'];
  return destinations.filter(isLocalhost).map((destination) => ({
    destination,
    tries: ADDRESSES.map((address, i) => {
      const result = evidence[`${end(destination, i)}-reach`];
      return { address, reach: reachOf(result), result };
    }),
    hosts: read(hostsResult, 'cat', (text) => addressesInHosts(text, NAME)),
    hostsResult,
  }));
}
