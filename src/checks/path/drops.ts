/** What the kernels of the nodes dropped of the probes' flows while they ran, and where. Pure. */
import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import type { Quote } from '../../model/report.ts';
import { type DropFlow, parseDrops } from '../../parsers/drops.ts';
import { sameAddress } from '../../parsers/ip-prefix.ts';
import { kindOf } from '../shared/drops/classify.ts';
import { netfilter } from '../shared/drops/kinds/netfilter.ts';
import { ruleOf, ruleOfText } from '../shared/drops/rule-of.ts';
import { read, seenOf } from '../shared/measured.ts';
import { because } from '../shared/reason.ts';
import { ruleSnapshots } from '../shared/rule-hits.ts';
import type { KnownSpace, PathInput, PlaceFacts, SeenDrop, Space, WatcherFacts } from './facts.ts';
import { evidenceId, evidenceOf } from './watch.ts';

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
    const own = evidenceOf(evidence, id);
    const machine = machineOf(seenOf(watch)?.boot ?? '', node);
    const { grown, uncounted, books } = ruleSnapshots(own);
    const rules =
      own['nft-after'] === undefined ? {} : { rules: { grown, uncounted, skipped: books.skipped } };
    return { node, machine, watch, result, ...rules, ...(unwatched === undefined ? {} : { unwatched }) };
  });
}

/** All of a flow that may matter, the most packets first. */
export function dropsOf(
  probe: ProbeFlow,
  watchers: readonly WatcherFacts[],
  spaces: readonly KnownSpace[],
): SeenDrop[] {
  const all = watchers.flatMap(({ node, machine, watch, result }) =>
    (seenOf(watch)?.flows ?? []).flatMap((flow): [string, SeenDrop][] => {
      const packet = packetOf(flow, probe);
      const kind = kindOf(flow);
      if (packet === undefined || kind === undefined) return [];
      const space = spaces.find((one) => one.machine === machine && one.inode === flow.namespace);
      // Two nodes may be one machine, whose kernel tells both watchers the same.
      const { packets: _, ...key } = flow;
      return [[JSON.stringify([machine, key]), { flow, kind, packet, node, space, result }]];
    }),
  );
  return [...new Map(all).values()].toSorted((a, b) => b.flow.packets - a.flow.packets);
}

/** Those of the places that were looked into, of the target, and of the nodes. */
export function knownSpaces(
  { own }: PathInput,
  evidence: Evidence,
  places: readonly PlaceFacts[],
  watchers: readonly WatcherFacts[],
): KnownSpace[] {
  const target = own && spaceOf(evidence['space'], own.node);
  return [
    ...places.map((place): KnownSpace => {
      const { label, node, onNode = '' } = place.place;
      const { grown, uncounted, rules: skipped } = place;
      return {
        ...place.space,
        label,
        node: node ?? onNode,
        isHost: node !== undefined,
        place,
        ...(place.hasRules ? { rules: { grown, uncounted, skipped } } : {}),
      };
    }),
    ...(own && target ? [{ ...target, label: own.label, node: own.node, isHost: own.isHost }] : []),
    ...watchers.map(
      ({ node, machine, watch, rules }): KnownSpace => ({
        inode: seenOf(watch)?.own,
        machine,
        label: `node/${node}`,
        node,
        isHost: true,
        ...(rules === undefined ? {} : { rules }),
      }),
    ),
  ];
}

/** From what {@link SPACE} printed. */
export function spaceOf(result: ProbeResult | undefined, node: string): Space {
  const text = read(result, 'readlink', (printed) => ({ printed })).value?.printed ?? '';
  const [link = '', boot = ''] = text.split('\n');
  const inode = /^net:\[(\d+)\]$/.exec(link)?.[1];
  return { inode, machine: machineOf(boot, node) };
}

/** @param boot its boot_id (random(4)), or whatever stands in its place */
function machineOf(boot: string, node: string): string {
  return /^[\da-f-]{36}$/.test(boot) ? boot : `node ${node}`;
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
export function whereDropped({ node, space, flow }: SeenDrop): string {
  if (space?.isHost) return `on ${space.node} in the host's network`;
  return space === undefined
    ? `on ${node} in a network that was not looked into (net:[${flow.namespace}])`
    : `on ${space.node} in the network of ${space.label}`;
}

/** The rule of netfilter, or why it is not known; empty where it was something else. */
export function byRule({ kind, flow, space }: SeenDrop): string {
  if (kind !== netfilter) return '';
  return ruleOfText(
    space?.rules === undefined
      ? { unknown: 'the rules of that network were not read' }
      : ruleOf(flow, space.rules),
  );
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
