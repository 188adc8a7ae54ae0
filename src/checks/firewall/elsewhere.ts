/** Causes that are not a firewall's: found on the way to a destination, and reported as the classes that they belong to. Pure. */

import { type Advice, advice, nettools, verbatim } from '../../model/advice.ts';
import type { FindingMeta, Occurrence } from '../../model/finding.ts';
import type { Quote } from '../../model/report.ts';
import { socketAddress } from '../../model/socket-address.ts';
import { linkLocalNote, linkLocalRemedy } from '../shared/link-local-gateway.ts';
import { meta as blackHole } from '../shared/metas/black-hole.ts';
import { meta as circle } from '../shared/metas/circle.ts';
import { meta as clusterIp } from '../shared/metas/cluster-ip.ts';
import { meta as deadRoute } from '../shared/metas/dead-route.ts';
import { meta as ephemeralPorts } from '../shared/metas/ephemeral-ports.ts';
import { meta as table } from '../shared/metas/full-neighbour-table.ts';
import { meta as noDefaultRoute } from '../shared/metas/no-default-route.ts';
import { meta as noListener } from '../shared/metas/no-listener.ts';
import { meta as noReadyEndpoint } from '../shared/metas/no-ready-endpoint.ts';
import { meta as remoteHop } from '../shared/metas/remote-hop.ts';
import { meta as gateway } from '../shared/metas/silent-gateway.ts';
import { meta as target } from '../shared/metas/silent-neighbour.ts';
import { formatMs, quote } from '../shared/quote.ts';
import { occurrence } from '../shared/rule.ts';
import { type FirewallFacts, overflows, type PathFacts, tableOf } from './facts.ts';
import { listensOn, splitOf } from './loopback.ts';
import { isLedHere, wayClause } from './marked-way.ts';
import { nameOf, quoteGrown, quoteGrownIp, quoteIcmp, quoteReach, quoteSocket, seen } from './path.ts';
import { policyClause } from './policy-answer.ts';
import { withoutLocalEndpoint } from './published-ways.ts';
import { senderText } from './sender.ts';

/** What is reported of a destination whose packets no filter stopped. */
export function elsewhere(facts: FirewallFacts): Occurrence[] {
  return facts.paths.flatMap((path) => [
    ...withoutEndpoint(path, facts),
    ...withoutLocalEndpoint(path),
    ...ofPath(path, facts),
  ]);
}

function told(
  path: PathFacts,
  meta: FindingMeta,
  summary: string,
  evidence: readonly Quote[],
  { remediation, spares = [] }: { remediation?: Advice | undefined; spares?: readonly string[] } = {},
): Occurrence[] {
  const subject = path.destination.label;
  const details = { subject, spares, ...(remediation === undefined ? {} : { remediation }) };
  const text = `${summary.replace(/\.$/, '')}${wayClause(path)}.`;
  return [occurrence(meta, 'critical', text, [...evidence, ...quoteReach(path)], details)];
}

/** A Service without endpoints is refused or dropped by the node: that is why, and no filter. */
function withoutEndpoint(path: PathFacts, { paths }: FirewallFacts): Occurrence[] {
  const { service } = path.destination;
  const isOpen = path.cause.kind === 'open' || path.cause.kind === 'unmeasured';
  const hasEndpoints = paths.some(
    ({ destination: d }) => d.service?.part === 'endpoint' && d.service.label === service?.label,
  );
  if (service?.part !== 'virtual' || isOpen || hasEndpoints) return [];
  return told(
    path,
    noReadyEndpoint,
    `${service.label} has no ready endpoint, so nothing can answer at ${socketAddress(path.address, path.port)}: ${seen(path)}.`,
    [],
  );
}

function ofPath(path: PathFacts, facts: FirewallFacts): Occurrence[] {
  const { cause, hop } = path;
  if (isLedHere(path)) return [];
  switch (cause.kind) {
    case 'stalled':
      // Of what is no matter of size NT-FW-013 tells.
      if (cause.isDeaf) return [];
      return told(
        path,
        blackHole,
        `The connection to ${nameOf(path)} opens and then stalls: ${path.socket?.sendQueue} bytes wait after ${path.socket?.retransmits} retransmissions, with an rtt of only ${formatMs(path.socket?.rtt ?? 0)}.`,
        quoteSocket(path, facts),
      );
    case 'refused':
      // A rule that resets connections shows by its counter (NT-FW-005). Of a port that nobody asked for, a refusal
      // says what was to be known: packets get there and back.
      // One that counts nothing is the target's own all the same (NT-FW-002).
      return path.destination.anyPort ||
        isToldByEndpoint(path, facts) ||
        isToldByOtherFamily(path, facts) ||
        path.suspects.length > 0 ||
        path.hits.some((hit) => hit.rule.verdict === 'reject')
        ? []
        : isDeniedByEndpoints(path, facts)
          ? told(
              path,
              clusterIp,
              `${nameOf(path)} refuses the connection, and all of its endpoints take one by themselves: what the node leads the address to is none of them as they are.`,
              quoteGrown(facts, ['Tcp.AttemptFails']),
            )
          : told(
              path,
              noListener,
              refusedText(path, facts),
              path.destination.protocol === 'udp'
                ? quoteIcmp(path, facts)
                : quoteGrown(facts, ['Tcp.AttemptFails']),
              { remediation: refusedRemedy(path, facts) },
            );
    case 'no-route-there':
      return told(
        path,
        remoteHop,
        `${nameOf(path)} cannot be reached: ${senderText(path, cause.sender)} has no route to it (${seen(path)}).`,
        quoteIcmp(path, facts),
      );
    case 'no-neighbour':
      return told(
        path,
        // One that only what is marked gets to is not everybody's.
        cause.viaGateway && path.marked?.kind !== 'elsewhere' ? gateway : target,
        `${cause.viaGateway ? `The gateway ${cause.neighbour}` : nameOf(path)} does not answer ${path.address.includes(':') ? 'neighbour solicitations' : 'ARP'} on ${hop?.device}: its entry is ${path.neighbour?.state ?? 'missing'}, and connecting to ${nameOf(path)} ends with ${seen(path)}${cause.viaGateway ? linkLocalNote(cause.neighbour, hop?.device ?? 'the link') : ''}.`,
        [
          ...quoteIcmp(path, facts),
          ...(path.neighbour && facts.neighboursResult
            ? [
                {
                  command: facts.neighboursResult.command,
                  excerpt: `${path.neighbour.address} dev ${path.neighbour.device} ${path.neighbour.state}`,
                },
              ]
            : []),
        ],
        {
          remediation: cause.viaGateway ? linkLocalRemedy(cause.neighbour, hop?.source) : undefined,
          spares: others(facts, (one) => one.hop !== undefined && one.hop.neighbour !== cause.neighbour),
        },
      );
    case 'no-host-there':
      return told(
        path,
        target,
        `${nameOf(path)} was not found: ${senderText(path, cause.sender)} looked for ${path.address}, or for the next router on the way to it (or to where it is translated to), and says "host unreachable" (connecting fails with ${seen(path)}).`,
        [
          ...quoteIcmp(path, facts),
          ...(cause.sender === undefined ? quoteGrownIp(path, facts, 'Icmp.InDestUnreachs') : []),
        ],
      );
    case 'neighbour-table-full': {
      const full = tableOf(facts, path.address);
      const { before, after } = full;
      const { result } = facts.tables;
      const family = path.address.includes(':') ? ' of IPv6' : '';
      return told(
        path,
        table,
        `The node's neighbour table${family} is full (${after?.entries ?? '?'} entries, limit ${after?.limit ?? '?'}), and ${overflows(full) ?? 0} entries could not be made while ${nameOf(path)} was tried: ${seen(path)}.`,
        result
          ? [
              {
                command: result.command,
                excerpt: `table_fulls ${before?.overflows} before, ${after?.overflows} after`,
              },
            ]
          : [],
      );
    }
    case 'forbidding-route':
      return told(
        path,
        deadRoute,
        `${nameOf(path)} is refused by the target's own ${cause.type} route or rule: connecting fails at once with ${seen(path)}${path.forbidding[0] ? ` (${path.forbidding[0]})` : ''}.`,
        quote(path.results.reach, /^route (.*answers|blackhole|unreachable|prohibit)/, 2),
      );
    case 'no-route':
      return told(
        path,
        noDefaultRoute,
        `The target has no route to ${nameOf(path)}: connecting fails at once with ${seen(path)}.`,
        [...quote(path.results.reach, /^route .*answers/, 1), ...quoteGrownIp(path, facts, 'Ip.OutNoRoutes')],
        { spares: others(facts, ({ hop, cause: { kind } }) => hop !== undefined && kind !== 'no-route') },
      );
    case 'circle':
      return told(
        path,
        circle,
        `${nameOf(path)} cannot be reached: packets to it loop between routers until their time to live expires, as ${cause.sender} says (ICMP time exceeded); connecting fails with ${seen(path)}.`,
        quote(path.results.reach, /^route .*answers|nreachable|No route/, 2),
      );
    case 'no-local-port':
      return told(
        path,
        ephemeralPorts,
        `No local port is left for a connection to ${nameOf(path)}: connecting fails with ${seen(path)}.`,
        [],
      );
    default:
      return [];
  }
}

/** Labels of the destinations whose way, by every address that was tried, is another one. */
function others({ paths }: FirewallFacts, isApart: (path: PathFacts) => boolean): string[] {
  const shared = new Set(paths.filter((path) => !isApart(path)).map(({ destination }) => destination.label));
  return [...new Set(paths.map(({ destination }) => destination.label))].filter((one) => !shared.has(one));
}

/** A Service refuses as its endpoints do. */
function isToldByEndpoint({ destination: { service } }: PathFacts, { paths }: FirewallFacts): boolean {
  return (
    service?.part === 'virtual' &&
    paths.some(
      ({ destination: d, cause }) =>
        d.service?.part === 'endpoint' && d.service.label === service.label && cause.kind === 'refused',
    )
  );
}

/** They all take connections: that nothing listens is not why the Service's address refuses one. */
function isDeniedByEndpoints({ destination: { service } }: PathFacts, { paths }: FirewallFacts): boolean {
  const own = paths.filter(
    ({ destination: d }) => d.service?.part === 'endpoint' && d.service.label === service?.label,
  );
  const total = own[0]?.destination.service?.total;
  return (
    service?.part === 'virtual' && own.length === total && own.every(({ cause }) => cause.kind === 'open')
  );
}

/** NT-SOCK-007: it is one address of the name that refuses. */
function isToldByOtherFamily({ destination: { id } }: PathFacts, { loopbacks }: FirewallFacts): boolean {
  return loopbacks.some((one) => one.destination.id === id && splitOf(one) !== undefined);
}

/** Of localhost people often think that it is the machine, or the container beside it. */
function isOwnLoopback({ address }: PathFacts, { isIsolated }: FirewallFacts): boolean {
  return isIsolated && (address.startsWith('127.') || address === '::1');
}

/** Where else the target listens on the port that it refuses at its loopback address. */
function ownAddresses(
  { destination: { protocol }, address, port }: PathFacts,
  facts: FirewallFacts,
): readonly string[] {
  const all = listensOn(facts.listenersResult, { protocol, port });
  return all.some((one) => one === address || ALL_ADDRESSES.has(one)) ? [] : all;
}

const ALL_ADDRESSES = new Set(['*', '0.0.0.0', '::']);

function refusedText(path: PathFacts, facts: FirewallFacts): string {
  if (isOwnLoopback(path, facts)) {
    const at = ownAddresses(path, facts);
    const why =
      at.length === 0
        ? 'nothing listens on the port in it'
        : `the port is listened on at ${at.join(' and ')} alone, which is another address`;
    return `${nameOf(path)} is refused by the target itself, which that address means here, and not the machine that it runs on: ${why}.`;
  }
  return `${nameOf(path)} refuses the connection itself: nothing listens on the port there, or a firewall on that host ${path.destination.protocol === 'udp' ? 'rejects it' : 'answers with a reset'}${ecnClause(path, facts)}${policyClause(path.policy, facts.words)}.`;
}

/** A reset of such a SYN is no word about others. What runs in pods is Linux, and takes it. */
function ecnClause({ destination }: PathFacts, { asksForEcn }: FirewallFacts): string {
  const isPods = destination.pod !== undefined || destination.service !== undefined;
  return asksForEcn && destination.protocol === 'tcp' && !isPods
    ? '; or it does so because the target asks for ECN (net.ipv4.tcp_ecn is on here, which is not the default): small TCP stacks and old firewalls reset such connections and no others'
    : '';
}

function refusedRemedy(path: PathFacts, facts: FirewallFacts): Advice | undefined {
  const own = isOwnLoopback(path, facts) ? ownAddresses(path, facts) : [];
  if (own.length > 0)
    return `Make the server listen on all addresses (0.0.0.0, or [::] for both families): a sidecar, an exec probe and a port-forward ask by the loopback address. Or ask for ${own[0]}.`;
  if (isOwnLoopback(path, facts))
    return "Ask for the address or name of the machine, pod or container that is meant: the host's own address (in Docker host.docker.internal, with --add-host host.docker.internal:host-gateway), a Service, or the container's name. If the target itself is meant, see what it listens on: the sockets check.";
  const { pod } = path.destination;
  const { port } = path;
  if (ecnClause(path, facts) !== '')
    return advice`Where others connect, see whether it is ECN, and connect again:\n${verbatim`sysctl -w net.ipv4.tcp_ecn=2`}\nin the network namespace of the target. If that changes nothing, see what the program there listens on (ss -tlnp).`;
  return pod
    ? advice`See what it listens on. If something listens on ${port} there, a firewall in that pod or on its node answers with a reset.\n${nettools`sockets ${pod.name} -n ${pod.namespace}`}`
    : undefined;
}
