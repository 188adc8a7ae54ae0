import { type Advice, advice, nettools, TARGET } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { contains, parsePrefix } from '../../../parsers/ip-prefix.ts';
import type { Route } from '../../../parsers/ip-route.ts';
import type { OddSocket } from '../../../parsers/odd-sockets.ts';
import { type AnswerWays, type Fate, fateOf, fateQuote } from '../../shared/answers.ts';
import { quoteOdd } from '../../shared/quote-odd.ts';
import { onTarget } from '../../shared/remedy.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { RoutingFacts } from '../facts.ts';

const meta = {
  id: 'NT-RT-020',
  title: 'What comes in by one uplink is answered by the other',
  severities: ['warning'],
  meaning:
    'The host has more than one uplink, and clients connect to its address on one of them. The kernel chooses the way of an answer by the address of the client alone, and so by the default route of another uplink: a provider or a router there that checks source addresses drops it, and a firewall that has not seen the request does so too. From neighbours of the address, and by the first uplink, everything works.',
  rule: 'On a host, at the end of the run: the handshake of a client with an address of the host is not complete and its SYN-ACK was sent again, the client is not on the link of that address, and the answer leaves by another interface than the one that has the address. Nothing is said where no packet comes by that one (loopback, dummy, macvlan: addresses of load balancers and routing daemons), where the client is a neighbour on a bridge or veth, as a container is, and where iptables sets marks or routing rules ask for them.',
  source: 'ip-rule(8); Linux Advanced Routing & Traffic Control HOWTO, 4.2: routing for multiple uplinks',
  remedy: advice`Give the address of each uplink a table of its own with the default route of that uplink, and a rule that leads what comes from the address by it.`,
} as const;

interface Lost {
  readonly socket: OddSocket;
  readonly fate: Extract<Fate, { kind: 'elsewhere' }>;
}

function waysOf({ rules, routes, filters }: RoutingFacts): AnswerWays | undefined {
  const own = rules.inet;
  // A rule by mark may lead the answers rightly, and nftables may set it.
  if (
    own === undefined ||
    routes === undefined ||
    own.some(({ conditions }) => conditions.includes('fwmark'))
  )
    return undefined;
  return {
    rules: own,
    routes,
    books: filters.map(({ tables, result }) => ({
      tool: result.command[0] === 'iptables-legacy-save' ? 'iptables-legacy' : 'iptables',
      tables,
      command: result.command,
    })),
  };
}

function lostOf(facts: RoutingFacts): Lost[] {
  const ways = waysOf(facts);
  if (ways === undefined) return [];
  return (facts.handshakes ?? []).flatMap((socket): Lost[] => {
    const { state, local, peer, sentAgain } = socket;
    if (state !== 'SYN-RECV' || sentAgain === 0) return [];
    const fate = fateOf(ways, {
      client: peer.address,
      address: local.address,
      port: local.port,
      protocol: 'tcp',
    });
    return fate?.kind === 'elsewhere' &&
      !isOnLink(peer.address, fate.own, ways.routes) &&
      !cameElsewhere(peer.address, fate, facts)
      ? [{ socket, fate }]
      : [];
  });
}

/** Interfaces that hold addresses for others, by which packets come: those of LVS and BGP, of VRRP with a MAC address of its own. */
const HOLDERS: readonly (string | undefined)[] = ['dummy', 'macvlan', 'ipvlan'];
/** Whoever is behind one has the host for its router, and may ask for any of its addresses (host.docker.internal). */
const OF_CONTAINERS: readonly (string | undefined)[] = ['bridge', 'veth'];

/** The question came by the interface by which the answer leaves, whichever has the address. */
function cameElsewhere(
  client: string,
  { own, device }: Lost['fate'],
  { interfaces = [], routes = [] }: RoutingFacts,
): boolean {
  const named = (wanted: string) => interfaces.find(({ name }) => name === wanted);
  const holder = named(own);
  return (
    holder?.flags.includes('LOOPBACK') === true ||
    HOLDERS.includes(holder?.kind) ||
    (OF_CONTAINERS.includes(named(device)?.kind) && isOnLink(client, device, routes))
  );
}

function isOnLink(address: string, device: string, routes: readonly Route[]): boolean {
  const known = parsePrefix(address);
  return routes.some(
    ({ devices, gateways, destination, type }) =>
      type === 'unicast' &&
      gateways.length === 0 &&
      devices.includes(device) &&
      known !== undefined &&
      contains(destination, known),
  );
}

/** The commands that lead it by its own uplink, where a route shows the router there. */
function remedyOf({ socket: { local }, fate }: Lost, routes: readonly Route[]): Advice {
  const gateway = routes.find(
    ({ family, destination, devices, gateways }) =>
      family === 'inet' && destination.length === 0 && devices.includes(fate.own) && gateways.length > 0,
  )?.gateways[0];
  if (gateway === undefined)
    return advice`${meta.remedy} No default route by ${fate.own} shows its router here.\n${nettools`run ${TARGET} -- ip rule show`}`;
  return advice`${meta.remedy} By hand, until the network configuration of the machine has both:\n${onTarget('ip', 'route', 'add', 'default', 'via', gateway, 'dev', fate.own, 'table', '102')}\n${onTarget('ip', 'rule', 'add', 'from', local.address, 'lookup', '102')}`;
}

export const answersElsewhere: Rule<RoutingFacts> = {
  meta,
  judge: (facts) => {
    const byAddress = Map.groupBy(
      lostOf(facts),
      ({ socket, fate }) => `${socket.local.address} ${fate.own} ${fate.device}`,
    );
    return [...byAddress.values()].flatMap((all): Occurrence[] => {
      const [first] = all;
      if (first === undefined) return [];
      const { socket, fate } = first;
      const clients = [...new Set(all.map((one) => one.socket.peer.address))];
      const again = Math.max(...all.map((one) => one.socket.sentAgain));
      return [
        occurrence(
          meta,
          'warning',
          `${clients.slice(0, 3).join(', ')}${clients.length > 3 ? ` and ${clients.length - 3} more` : ''} connect${clients.length === 1 ? 's' : ''} to ${socket.local.address}, the address of ${fate.own}, and the answer leaves by ${fate.device} ("${fate.route}"): it was sent again ${again === 1 ? 'once' : `${again} times`}, and the handshake is not complete.`,
          [
            ...quoteOdd(
              facts.results.handshakes,
              all.map((one) => one.socket),
            ),
            fateQuote(fate),
          ],
          { subject: socket.local.address, remediation: remedyOf(first, facts.routes ?? []) },
        ),
      ];
    });
  },
};
