import type { Occurrence } from '../../../model/finding.ts';
import type { Neighbour } from '../../../parsers/ip-neigh.ts';
import { bitsOf, contains, type Prefix, parsePrefix, sameAddress } from '../../../parsers/ip-prefix.ts';
import { type Route, type RoutingRule, routeText } from '../../../parsers/ip-route.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { inTable, longestMatch, lookup } from '../../shared/lookup.ts';
import { quoteRoutes } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { RoutingFacts } from '../facts.ts';

const meta = {
  id: 'NT-RT-016',
  title: 'A routing rule leads what one pod sends astray',
  severities: ['critical'],
  meaning:
    'Network plugins with several interfaces (AWS, Azure, Multus) give a pod a routing rule by its source address, which looks in a table of its own before main. Where that table leads to a router that is gone, the pod reaches nothing beyond its node; where no rule before it leaves the pods of the node to table main, packets to a neighbour on the same node leave by the uplink and are lost there. Other pods, and the node itself, reach everything.',
  rule: "In a node's own network namespace, for a rule from the address of a pod that runs there (or of a part of the node's pod range) that comes before main: its table leads through a gateway whose neighbour entry is FAILED, or INCOMPLETE before the probes and after them; or what the pod sends to another pod of the node goes through another interface than table main has for that pod.",
  source: 'ip-rule(8); aws/amazon-vpc-cni-k8s#1746',
  remedy:
    "Compare the rules with the interfaces that the node has (ip rule, ip route show table N): the network plugin's agent on the node writes both, and writes them again when it is restarted. By hand, delete the rule (ip rule del priority N from ADDRESS), or put one before it that leaves the pods of the node to main.",
  explains: { depth: 526, target: ALL_TRAFFIC },
} as const;

const SILENT: readonly string[] = ['FAILED', 'INCOMPLETE'];

interface Context {
  readonly facts: RoutingFacts;
  readonly routes: readonly Route[];
  readonly rules: readonly RoutingRule[];
  readonly pods: readonly { readonly text: string; readonly prefix: Prefix }[];
}

/** What becomes of a packet from a pod: the rules that ask for its source are those that it meets. */
function wayFrom(source: Prefix, to: Prefix, { rules, routes }: Context) {
  const met = rules
    .filter((rule) => rule.source === undefined || rule.source.length === 0 || contains(rule.source, source))
    .map((rule) => (rule.inverted ? rule : { ...rule, source: undefined }));
  const decision = lookup(to, met, routes);
  return decision.kind === 'route' ? decision : undefined;
}

/** The gateway of the table's routes that nobody answers for, with the route. */
function goneRouter(table: readonly Route[], { neighbours, neighboursBefore }: RoutingFacts) {
  for (const route of table) {
    const [gateway, ...others] = route.gateways;
    if (gateway === undefined || others.length > 0) continue;
    const isIt = ({ state, device, address }: Neighbour): boolean =>
      SILENT.includes(state) && route.devices.includes(device) && sameAddress(address, gateway);
    // One that has just been asked for is INCOMPLETE too, for a moment.
    const entry = neighbours?.find(
      (one) => isIt(one) && (one.state === 'FAILED' || neighboursBefore?.some(isIt) === true),
    );
    if (entry !== undefined) return { gateway, route, entry };
  }
  return undefined;
}

function judge(rule: RoutingRule, context: Context): Occurrence[] {
  const { facts, routes, pods } = context;
  const { source } = rule;
  const isOfPods =
    source !== undefined &&
    source.length > 0 &&
    (pods.some(({ prefix }) => contains(source, prefix)) ||
      (facts.cluster?.podRanges ?? []).some((text) => {
        const range = parsePrefix(text);
        return range !== undefined && contains(range, source);
      }));
  if (!isOfPods || rule.conditions.length > 0 || rule.vrf || rule.inverted) return [];
  const { table } = rule;
  if (table === undefined || ['main', 'local', 'default'].includes(table)) return [];
  const own = inTable(routes, table).filter(
    ({ type, family }) => type === 'unicast' && family === source.family,
  );
  const told = (why: string, more: Occurrence['evidence'], shown: readonly Route[]): Occurrence[] => [
    occurrence(meta, 'critical', why, [
      { command: facts.results.rules?.command ?? [], excerpt: rule.text },
      ...quoteRoutes(facts.results.routes, routes, (one) => shown.includes(one)),
      ...more,
    ]),
  ];
  const gone = goneRouter(own, facts);
  if (gone !== undefined)
    return told(
      `The node leads what comes from its pods by rule "${rule.text}" to ${gone.gateway} on ${gone.entry.device} (${routeText(gone.route)}), and nobody answers for that address (${gone.entry.state}).`,
      [
        {
          command: facts.results.neighbours?.command ?? [],
          excerpt: `${gone.entry.address} dev ${gone.entry.device} ${gone.entry.state}`,
        },
      ],
      [gone.route],
    );
  const from = pods.find(({ prefix }) => contains(source, prefix));
  if (from === undefined) return [];
  for (const to of pods) {
    if (to === from || to.prefix.family !== source.family) continue;
    const way = wayFrom(from.prefix, to.prefix, context);
    const main = longestMatch(
      to.prefix,
      inTable(routes, 'main').filter(({ family }) => family === source.family),
    );
    if (way?.rule.priority !== rule.priority || way.route.table !== table || main === undefined) continue;
    if (main.destination.length === 0 || main.devices.some((device) => way.route.devices.includes(device)))
      continue;
    return told(
      `What pod ${from.text} sends to ${to.text}, a pod of the same node, leaves through ${way.route.devices.join(', ')} by rule "${rule.text}" (${routeText(way.route)}), while table main has that pod by ${routeText(main)}.`,
      [],
      [way.route, main],
    );
  }
  return [];
}

export const captureBySource: Rule<RoutingFacts> = {
  meta,
  judge: (facts) => {
    const { pod, cluster, routes, rules } = facts;
    if (!pod.hostNetwork || !cluster || !routes || !rules.inet) return [];
    const pods = cluster.pods.flatMap((text) => {
      const prefix = parsePrefix(text);
      return prefix?.family === 'inet' && prefix.length === bitsOf('inet') ? [{ text, prefix }] : [];
    });
    const context = { facts, routes, rules: rules.inet, pods };
    const [first, ...more] = rules.inet.flatMap((rule) => judge(rule, context));
    if (first === undefined) return [];
    const also = more.length === 0 ? '' : ` So it is with ${more.length} more rules.`;
    return [{ ...first, summary: `${first.summary}${also}` }];
  },
};
