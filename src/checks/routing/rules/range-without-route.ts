import { type Advice, advice } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { contains, type Prefix, parsePrefix, sameAddress } from '../../../parsers/ip-prefix.ts';
import { type Route, routeText } from '../../../parsers/ip-route.ts';
import { LOST_PACKETS } from '../../shared/effects.ts';
import { inTable, longestMatch, lookup } from '../../shared/lookup.ts';
import type { OtherNode } from '../../shared/node-network.ts';
import { quote, quoteRoutes } from '../../shared/quote.ts';
import { onTarget } from '../../shared/remedy.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { nameOf, routeOf, type Way } from '../../shared/way.ts';
import type { RoutingFacts } from '../facts.ts';

const meta = {
  id: 'NT-RT-019',
  title: 'The node has no route to the pods of another node',
  severities: ['critical', 'warning', 'info'],
  meaning:
    "The node has routes to the pod ranges of other nodes, and none to that of this one: what it and its pods send there follows the default route, to a router that knows nothing of pods, and is lost. Everything else works. A network plugin's agent that could not write its routes leaves such a gap, or somebody who restarted the machine's network.",
  rule: "In a node's own network namespace: no table has a route to the pod range (spec.podCIDRs) of another node or to a part of it, and packets to it follow one to more than the range, which does not lead to that node. Critical where a destination in the range was asked for and did not answer, and a third node's range has a route of its own, to that node's address or through another interface (where the third node is on a link of this one, the other has to be so too: plugins that lead to neighbours directly may leave the rest to a router). A warning without such a third one, where all else says the same: the other node is a neighbour on a link of this one and not known to be gone, packets to its pods follow the default route to another router, this node's own range has a route to a local interface, and no node has a providerID of a cloud or the condition RouteCreated. An info otherwise where it did not answer: cloud routes, and BGP at a router, lead packets to pods by the default route too; or where nobody asked. Nothing where something in the range answered.",
  source: 'ip-route(8); ours: the pod ranges are spec.podCIDRs of the nodes',
  remedy:
    "Where the nodes have the routes to each other's pods, see why this one was left out: the network plugin's agent on this node writes them, its log says which node it did not know or could not lead to, and a restart of it writes all of them again. Where a script or the machine's network configuration has them, add the range there.",
  explains: { depth: 523, subject: [...LOST_PACKETS, 'NT-PATH', 'NT-RT-007', 'NT-RT-011'] },
} as const;

/** A pod range of another node that packets take no route of its own to. */
interface Gap {
  readonly text: string;
  readonly prefix: Prefix;
  readonly node: OtherNode;
  /** The route of main that they follow. */
  readonly followed: Route;
  /** The range of a third node that has a route as this one should have. */
  readonly like: { readonly node: OtherNode; readonly route: Route } | undefined;
}

function isSame(a: Prefix, b: Prefix): boolean {
  return a.length === b.length && contains(a, b);
}

function leadsTo({ gateways }: Route, { addresses }: OtherNode): boolean {
  return gateways.some((gateway) => addresses.some((address) => sameAddress(address, gateway)));
}

function isOnLink({ addresses }: OtherNode, main: readonly Route[]): boolean {
  return addresses.some((text) => {
    const address = parsePrefix(text);
    const route = address && longestMatch(address, main);
    return route?.type === 'unicast' && route.gateways.length === 0 && route.destination.length > 0;
  });
}

function gapsIn({ pod, cluster, routes }: RoutingFacts): Gap[] {
  if (!pod.hostNetwork || !cluster || !routes) return [];
  const main = inTable(routes, 'main');
  return cluster.others.flatMap((node) =>
    node.podRanges.flatMap((text): Gap[] => {
      const prefix = parsePrefix(text);
      // Some plugins give a node several blocks, and not those of the API: a route to any part of it is one.
      if (!prefix || routes.some(({ destination }) => contains(prefix, destination))) return [];
      const followed = longestMatch(prefix, main);
      if (followed?.type !== 'unicast' || leadsTo(followed, node)) return [];
      const others = cluster.others.filter((other) => other !== node);
      return [{ text, prefix, node, followed, like: likeness({ node, followed }, others, main) }];
    }),
  );
}

/** What shows that routes to the pod ranges are a matter of the nodes here, and not of the network between them. */
function likeness(
  { node, followed }: Pick<Gap, 'node' | 'followed'>,
  others: readonly OtherNode[],
  main: readonly Route[],
): Gap['like'] {
  for (const other of others) {
    // Plugins that lead to the nodes of their link directly may leave the others to a router.
    if (!isOnLink(node, main) && isOnLink(other, main)) continue;
    const ranges = other.podRanges.flatMap((text) => parsePrefix(text) ?? []);
    const route = main.find(
      (one) =>
        one.type === 'unicast' &&
        one.family === followed.family &&
        ranges.some((range) => isSame(range, one.destination)) &&
        (leadsTo(one, other) || !one.devices.some((device) => followed.devices.includes(device))),
    );
    if (route !== undefined) return { node: other, route };
  }
  return undefined;
}

/** Entries of a neighbour that does not answer (rtnetlink(7)). */
const SILENT: readonly string[] = ['FAILED', 'INCOMPLETE'];

/**
 * What shows the same where no third range does: its address as a neighbour, and the route of this node's own range. A router
 * on the link that leads packets back to a neighbour of their sender is what clouds have, and they say so.
 */
function neighbourLeftOut(
  { prefix, node, followed }: Gap,
  { cluster, routes, neighbours }: RoutingFacts,
): { readonly address: string; readonly own: Route } | undefined {
  const main = inTable(routes ?? [], 'main');
  if (cluster === undefined || cluster.ledBy !== undefined || followed.gateways.length === 0)
    return undefined;
  const address = node.addresses.find((one) => parsePrefix(one)?.family === prefix.family);
  const isGone = neighbours?.some(
    (one) => SILENT.includes(one.state) && sameAddress(one.address, address ?? ''),
  );
  if (address === undefined || isGone || !isOnLink({ ...node, addresses: [address] }, main)) return undefined;
  const prefixes = (texts: readonly string[]): Prefix[] => texts.flatMap((text) => parsePrefix(text) ?? []);
  // Where a third range goes by the router, or by whatever else proves no likeness, routers may lead to pods.
  const others = cluster.others.filter((other) => other !== node);
  const isLedOtherwise = prefixes(others.flatMap(({ podRanges }) => podRanges)).some((range) =>
    main.some(({ destination }) => isSame(range, destination)),
  );
  if (isLedOtherwise) return undefined;
  const ranges = prefixes(cluster.podRanges);
  const own = main.find(
    (one) =>
      one.type === 'unicast' &&
      one.gateways.length === 0 &&
      !one.devices.some((device) => followed.devices.includes(device)) &&
      ranges.some((range) => range.family === prefix.family && isSame(range, one.destination)),
  );
  return own && { address, own };
}

function isIn(way: Way, { prefix }: Gap): boolean {
  const address = parsePrefix(way.hop.value?.address ?? '');
  return address !== undefined && contains(prefix, address);
}

/** The kernel leads the destination by the very route that the range follows. */
function follows(way: Way, { followed }: Gap): boolean {
  const route = routeOf(way);
  if (!route || route.local || route.isRedirected || !followed.devices.includes(route.device)) return false;
  return route.gateway === undefined
    ? followed.gateways.length === 0
    : followed.gateways.some((gateway) => sameAddress(gateway, route.gateway ?? ''));
}

/** The route that is missing, where the one of the third node shows its form, or the node is a neighbour. */
function remedyOf({ text, prefix, node, like }: Gap, leftOut?: { readonly address: string }): Advice {
  const hop = node.addresses.find((address) => parsePrefix(address)?.family === prefix.family);
  const isDirect = leftOut !== undefined || (like !== undefined && leadsTo(like.route, like.node));
  if (hop === undefined || !isDirect) return meta.remedy;
  const family = prefix.family === 'inet' ? [] : ['-6'];
  return advice`${meta.remedy} Until then, by hand:\n${onTarget('ip', ...family, 'route', 'add', text, 'via', hop)}`;
}

function silent(way: Way, gap: Gap, facts: RoutingFacts): Occurrence[] {
  const { text, node, followed, like } = gap;
  const { results, routes } = facts;
  // A route to more than the range and less than everything may be that of an overlay for all nodes.
  if (!like && followed.destination.length > 0) return [];
  const leftOut = like === undefined ? neighbourLeftOut(gap, facts) : undefined;
  const router = followed.gateways.join(', ') || 'on the link';
  const where = `${nameOf(way)} lies in the pod range of ${node.name} (${text}), to which this node has no route of its own: packets follow ${routeText(followed)}, and nothing comes back.`;
  const why = like
    ? ` The range of ${like.node.name} has one: ${routeText(like.route)}.`
    : leftOut
      ? ` ${router} is not ${node.name}, which is a neighbour here (${leftOut.address}), and no cloud says that it leads to pods: the network plugin writes the routes of this node, as that of its own pods (${routeText(leftOut.own)}), and has left this one out, or ${router} has lost it.`
      : ` Whether it should have one cannot be seen here: no range of a third node has, and where a cloud's routes or BGP lead packets to pods, the router ${router} knows the way${facts.cluster?.ledBy === undefined ? '' : ` (${facts.cluster.ledBy} speaks for that)`}.`;
  return [
    occurrence(
      meta,
      like ? 'critical' : leftOut ? 'warning' : 'info',
      `${where}${why}`,
      [
        ...quote(way.results.hop, / dev /, 1),
        ...quoteRoutes(
          results.routes,
          routes,
          (one) => one === followed || one === like?.route || one === leftOut?.own,
        ),
      ],
      { subject: way.destination.label, remediation: remedyOf(gap, leftOut) },
    ),
  ];
}

/** Where nobody asked for the range, and the kernel's rules lead to main alone. */
function unasked(gap: Gap, { results, routes, rules }: RoutingFacts): Occurrence[] {
  const { text, prefix, node, followed, like } = gap;
  const own = rules[prefix.family];
  if (!like || !own || !routes) return [];
  const decision = lookup(prefix, own, routes);
  if (decision.kind !== 'route' || decision.route !== followed) return [];
  return [
    occurrence(
      meta,
      'info',
      `This node has no route of its own to ${text} (pods of ${node.name}): packets follow ${routeText(followed)}, while the range of ${like.node.name} has one: ${routeText(like.route)}. Nobody asked for a pod there.`,
      quoteRoutes(results.routes, routes, (one) => one === followed || one === like.route),
      { remediation: remedyOf(gap) },
    ),
  ];
}

export const rangeWithoutRoute: Rule<RoutingFacts> = {
  meta,
  judge: (facts) =>
    gapsIn(facts).flatMap((gap) => {
      const ways = facts.ways.filter((way) => isIn(way, gap));
      // The network between the nodes knows the way.
      if (ways.some(({ answered }) => answered === true)) return [];
      if (ways.length === 0) return unasked(gap, facts);
      return ways
        .filter((way) => way.answered === false && follows(way, gap))
        .flatMap((way) => silent(way, gap, facts));
    }),
};
