/** Which way a packet took that left one node and did not come to the next: what the tables of both say. Pure. */
import { advice, nettools } from '../../model/advice.ts';
import { contains, parsePrefix, sameAddress } from '../../parsers/ip-prefix.ts';
import { type Route, routeText } from '../../parsers/ip-route.ts';
import { inTable, longestMatch } from '../shared/lookup.ts';
import { quoteRoutes } from '../shared/quote.ts';
import type { Loss, PathFacts, PlaceFacts } from './facts.ts';
import type { KnownCause } from './story.ts';

/** Of the table main: what a node's rules put before it is told by the routing check of that node. */
function routeTo(place: PlaceFacts, address: string): Route | undefined {
  const prefix = parsePrefix(address);
  const route = prefix && longestMatch(prefix, inTable(place.routes ?? [], 'main'));
  return route?.type === 'unicast' && route.gateways.length < 2 ? route : undefined;
}

/** Between two nodes that were both watched. */
export function betweenNodes(
  { address, hit, suspect, drop, translated }: PathFacts,
  { last, missed, answered }: Loss,
): KnownCause | undefined {
  const [from, to] = [last?.place, missed.place];
  // What names its own reason needs no other; a drop in a network that nobody looked into names no place.
  const isNamed = hit !== undefined || suspect !== undefined || drop?.space !== undefined;
  if (isNamed || answered !== undefined) return undefined;
  if (last?.role !== 'source-node' || missed.role !== 'destination-node' || from === undefined)
    return undefined;
  const route = routeTo(from, address);
  const [source] = last.sources;
  if (route === undefined || source === undefined) return undefined;
  const quotes = quoteAt(from, route);
  if (route.destination.length > 0)
    return translated === undefined ? sentToNode(from, route, { source, to }, quotes) : undefined;
  const back = routeTo(to, source);
  const isLedBack = back !== undefined && back.destination.length > 0 && back.gateways.length > 0;
  const where = from.place.label;
  return {
    words: `; ${where} has no route of its own to the pods there: it sent it by ${routeText(route)}${isLedBack ? `, while ${to.place.label} has one to the target's pods, ${routeText(back)}: the route of ${where} is missing` : ''}`,
    quotes: [...quotes, ...(isLedBack ? quoteAt(to, back) : [])],
    remedy: advice`The network plugin's agent on that node writes the routes to the pods of the others: see its log, and restart it, which writes all of them again. Where a cloud or a router leads to pods (routes of the cloud, BGP), see whether it has the range of ${to.place.label}. What the node's tables say:\n${nettools`routing ${where} --to ${address}`}`,
  };
}

/** It went to the other node's link, and did not come. */
function sentToNode(
  from: PlaceFacts,
  route: Route,
  { source, to }: { readonly source: string; readonly to: PlaceFacts },
  quotes: KnownCause['quotes'],
): KnownCause | undefined {
  const [hop] = route.gateways;
  const entry = from.neighbours?.find(({ address }) => hop !== undefined && sameAddress(address, hop));
  // An overlay wraps it: what is on the wire has the nodes' addresses.
  if (hop === undefined || entry?.mac === undefined || isOverlay(route, hop)) return undefined;
  return {
    words: `; it left ${from.place.label} for the next hop ${hop}, which answers ARP (${entry.state}), with the pod's own address ${source} as its source: what is between drops it, by its addresses (a cloud's check of source and destination takes none of pods) or by its port`,
    quotes,
    remedy: advice`Try the node itself, with addresses of nodes (the command below): where that works, and pods do not, the network between drops addresses that it does not know. Then switch the check of addresses off for the nodes (AWS: source/destination check of the instance or its interface; OpenStack: port security or allowed address pairs; Azure and GCE: IP forwarding of the interface), or use an overlay. Where the nodes do not reach each other either, see the security groups, and whether ${to.place.label} is up.\n${nettools`firewall ${from.place.label} --to ${hop}:10250`}`,
  };
}

/** The hop is the end of a tunnel: an address in the very range that the route is to. */
function isOverlay({ destination }: Route, hop: string): boolean {
  const address = parsePrefix(hop);
  return address !== undefined && contains(destination, address);
}

function quoteAt(place: PlaceFacts, route: Route): KnownCause['quotes'] {
  return quoteRoutes(place.routesResult, place.routes, (one) => one === route).map((quote) => ({
    ...quote,
    command: [`[${place.place.label}]`, ...quote.command],
  }));
}
