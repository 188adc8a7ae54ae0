/** What the kernels of the nodes dropped of the probes' flows while they ran, and where. Pure. */
import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import type { Quote } from '../../model/report.ts';
import { type DropFlow, type DropWatch, parseDrops } from '../../parsers/drops.ts';
import { sameAddress } from '../../parsers/ip-prefix.ts';
import { kindOf } from '../shared/drops/classify.ts';
import type { DropKind } from '../shared/drops/kind.ts';
import { type Measured, read, seenOf } from '../shared/measured.ts';
import { because } from '../shared/reason.ts';
import type { PathInput, Place, PlaceFacts } from './facts.ts';
import { evidenceId } from './watch.ts';

/** What one node's kernel was seen to drop. */
export interface WatcherFacts {
  readonly node: string;
  /** Ends a sentence; absent: it was watched. */
  readonly unwatched?: string;
  readonly watch: Measured<DropWatch>;
  readonly result: ProbeResult | undefined;
}

/** Packets of one flow that were dropped at one place of the kernel, in one network namespace. */
export interface SeenDrop {
  readonly flow: DropFlow;
  readonly kind: DropKind;
  readonly packet: 'probe' | 'answer';
  readonly node: string;
  /** The place that the namespace is; absent: none that was looked into. */
  readonly place: PlaceFacts | undefined;
  readonly result: ProbeResult | undefined;
}

/** What a flow of the probes is known by. */
export interface ProbeFlow {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  /** Addresses that it has, or may have, as its source; without any nothing is its. */
  readonly sources: readonly string[];
}

/** From here on the watcher does not tell the port of a client (CLIENT_PORTS in image/drops/drops.h). */
const CLIENT_PORTS = 32_768;
/** IANA's number. */
export const TCP = 6;
const UDP = 17;
/** Echo requests are probes too, and have no ports. */
const ICMP: readonly number[] = [1, 58];

export function watchersOf({ watchers = [] }: PathInput, evidence: Evidence): WatcherFacts[] {
  return watchers.map(({ id, node, unwatched }) => {
    const result = evidence[evidenceId(id, 'seen')];
    const watch = read(result, 'nettools-drops', (text) => {
      const seen = parseDrops(text);
      return seen && (seen.end === undefined ? because('the watch was ended before its time') : seen);
    });
    return { node, watch, result, ...(unwatched === undefined ? {} : { unwatched }) };
  });
}

/** All of a flow that may matter, the most packets first. */
export function dropsOf(
  probe: ProbeFlow,
  watchers: readonly WatcherFacts[],
  places: readonly PlaceFacts[],
): SeenDrop[] {
  return watchers
    .flatMap(({ node, watch, result }) => {
      const seen = seenOf(watch);
      return (seen?.flows ?? []).flatMap((flow): SeenDrop[] => {
        const packet = packetOf(flow, probe);
        const kind = kindOf(flow);
        if (packet === undefined || kind === undefined) return [];
        const isHost = flow.namespace === seen?.own;
        const place = places.find((one) =>
          isHost ? one.place.node === node : isSpaceOf(one, node, flow.namespace),
        );
        return [{ flow, kind, packet, node, place, result }];
      });
    })
    .toSorted((a, b) => b.flow.packets - a.flow.packets);
}

/** Two kernels may give two namespaces the same number: one of another node is never meant. */
function isSpaceOf({ place, space }: PlaceFacts, node: string, namespace: string): boolean {
  return place.node === undefined && place.onNode === node && space === namespace;
}

/** The network namespace that `readlink /proc/self/ns/net` prints. */
export function spaceIn(text: string): { readonly inode: string } | undefined {
  const inode = /^net:\[(\d+)\]/.exec(text)?.[1];
  return inode === undefined ? undefined : { inode };
}

/** `undefined`: it is not the probe's. */
function packetOf(
  flow: DropFlow,
  { protocol, address, port, sources }: ProbeFlow,
): SeenDrop['packet'] | undefined {
  const { source, destination } = flow;
  if (source === undefined || destination === undefined) return undefined;
  const isOwn = (one: string): boolean => sources.some((own) => sameAddress(own, one));
  const isPort = (one: number | undefined): boolean => one === port || (one === 0 && port >= CLIENT_PORTS);
  const isEcho = ICMP.includes(flow.protocol);
  if (!isEcho && flow.protocol !== (protocol === 'tcp' ? TCP : UDP)) return undefined;
  if (sameAddress(destination, address) && isOwn(source) && (isEcho || isPort(flow.destinationPort)))
    return 'probe';
  if (sameAddress(source, address) && isOwn(destination) && (isEcho || isPort(flow.sourcePort)))
    return 'answer';
  return undefined;
}

/** `on node2 in the host's network`, `on node2 in the network of pod/db` */
export function whereDropped({ node, place, flow }: SeenDrop): string {
  return `on ${node} in ${networkOf(place?.place, flow)}`;
}

function networkOf(place: Place | undefined, { namespace }: DropFlow): string {
  if (place === undefined) return `a network that was not looked into (net:[${namespace}])`;
  return place.node === undefined ? `the network of ${place.label}` : "the host's network";
}

/** `NETFILTER_DROP in nf_hook_slow` */
export function reasonOf({ flow }: SeenDrop): string {
  return `${flow.reason} in ${flow.function || 'a function that is not known'}`;
}

export function countOf(packets: number): string {
  return `${packets} ${packets === 1 ? 'packet' : 'packets'}`;
}

export function quoteDrop(drop: SeenDrop): Quote[] {
  const { flow, node, result } = drop;
  const ports = ICMP.includes(flow.protocol) ? ['', ''] : [flow.sourcePort, flow.destinationPort];
  const [from, to] = ports.map((port) => (port ? ` port ${port}` : ''));
  return result === undefined
    ? []
    : [
        {
          command: [`[node/${node}]`, ...result.command],
          excerpt: `${countOf(flow.packets)} ${reasonOf(drop)} ${whereDropped(drop)} (net:[${flow.namespace}]): ${flow.source}${from} → ${flow.destination}${to}`,
        },
      ];
}
