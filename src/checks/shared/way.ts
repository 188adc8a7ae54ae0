/** The way to a destination: which route the kernel takes, who is the next hop, and whether anything comes back. Pure. */

import type { ProbeScripts } from '../../model/check.ts';
import type { Destination } from '../../model/destination.ts';
import type { Evidence, ProbeCommand, ProbeResult } from '../../model/evidence.ts';
import { type IcmpError, parseIcmpErrors } from '../../parsers/icmp-error.ts';
import { type ChosenRoute, type NextHop, parseNextHop } from '../../parsers/next-hop.ts';
import type { PingSeries } from '../../parsers/ping.ts';
import type { ConnectSeries } from '../../parsers/tcp-connect.ts';
import { connectsOf, echoesOf, type Measured, read } from './measured.ts';
import { because } from './reason.ts';

/** A few probes show whether a way works; how well is for the latency check. */
const ECHOES = 3;
const ECHO_INTERVAL_MS = 600;
/** A neighbour that stays silent becomes an error after 3 s: three requests, a second apart (RFC 4861, 7.2.2). */
const NEIGHBOUR_SECONDS = 4;
const LIMIT_SECONDS = 5;

/** The reason for no echo requests there; nothing is missing because of it. */
export const VIRTUAL = because("a Service's address answers none", 'virtual');

/** An ICMP error, and the ping that it came for. */
export interface HeardError extends IcmpError {
  readonly sentBy: ProbeResult;
}

/** One destination and all that is known of the way to it. */
export interface Way {
  readonly destination: Destination;
  readonly hop: Measured<NextHop>;
  readonly icmp: Measured<PingSeries>;
  readonly tcp: Measured<ConnectSeries>;
  readonly icmpErrors: readonly HeardError[];
  /** Anything came back from the destination itself; `undefined`: nothing could be sent. */
  readonly answered: boolean | undefined;
  readonly results: {
    readonly hop: ProbeResult | undefined;
    readonly icmp: ProbeResult | undefined;
    readonly tcp: ProbeResult | undefined;
  };
}

/** Asks for the route to a destination; with `ask` the next hop too. */
export function nextHopProbe(id: string, host: string, scripts: ProbeScripts, ask: boolean): ProbeCommand {
  const argv = ['sh', '-c', scripts.nextHop, 'next-hop', host];
  const asking = [...argv, 'ask'];
  return {
    id: `${id}-hop`,
    ...(ask ? { argv: asking } : { argv, coveredBy: asking }),
    timeoutSeconds: LIMIT_SECONDS,
    display: ['ip', 'route', 'get', host],
  };
}

/**
 * One echo request before anything else is sent. A router without a route answers to two or three packets of a burst and
 * then to none (net/ipv4/route.c takes a token of each host's, icmp_ratelimit another): among all probes of a run, the
 * one that would name it might get nothing. The others do not wait for its answer: what is on its way first gets it.
 */
export function firstEcho(destination: Destination, scripts: ProbeScripts): ProbeCommand[] {
  const { id, host } = destination;
  if (isVirtual(destination)) return [];
  const argv = ['sh', '-c', scripts.ping, 'ping', host, '1', '200', '1'];
  const display = ['ping', '-n', '-c', '1', host];
  return [{ id: `${id}-first`, argv, timeoutSeconds: 2, leads: true, display }];
}

/** What goes to each destination: the same words in every check, so that a diagnosis sends them once. */
export function wayProbes(destination: Destination, scripts: ProbeScripts, ask: boolean): ProbeCommand[] {
  const { id, host, port, protocol } = destination;
  const echo = ['sh', '-c', scripts.ping, 'ping', host, ECHOES, ECHO_INTERVAL_MS, NEIGHBOUR_SECONDS].map(
    String,
  );
  const connect = ['bash', '-c', scripts.tcpConnect, 'tcp-connect', host, port, '1', '0', '4000'];
  return [
    nextHopProbe(id, host, scripts, ask),
    ...(isVirtual(destination)
      ? []
      : [
          {
            id: `${id}-icmp`,
            argv: echo,
            timeoutSeconds: LIMIT_SECONDS,
            display: ['ping', '-n', '-c', String(ECHOES), host],
          },
        ]),
    ...(protocol === 'udp'
      ? []
      : [
          {
            id: `${id}-tcp`,
            argv: connect,
            timeoutSeconds: NEIGHBOUR_SECONDS,
            display: ['tcp-connect', host, port],
          },
        ]),
  ];
}

/**
 * A Service's address answers no echo request. Worse, kube-proxy rejects each (its nftables mode), and a node sends
 * only so many ICMP errors to a host (icmp_ratelimit): those that matter would be lost among them.
 */
export function isVirtual({ role, service }: Destination): boolean {
  return role === 'dns' || role === 'apiserver' || service?.part === 'virtual';
}

/** Reads the results of {@link wayProbes}. */
export function wayOf(evidence: Evidence, destination: Destination): Way {
  const { id } = destination;
  const results = {
    hop: hopResult(evidence, id),
    icmp: evidence[`${id}-icmp`],
    tcp: evidence[`${id}-tcp`],
  };
  const icmp = isVirtual(destination) ? { skipped: VIRTUAL } : echoesOf(results.icmp);
  const tcp =
    destination.protocol === 'udp'
      ? { skipped: because('it was requested over UDP') }
      : connectsOf(results.tcp);
  return {
    destination,
    hop: hopOf(results.hop),
    icmp,
    tcp,
    icmpErrors: [evidence[`${id}-first`], results.icmp].flatMap(heard),
    answered: answered(icmp, tcp),
    results,
  };
}

function heard(ping: ProbeResult | undefined): HeardError[] {
  const errors = parseIcmpErrors(echoesOf(ping).value?.errors ?? []);
  return ping === undefined ? [] : errors.map((error) => ({ ...error, sentBy: ping }));
}

/** The result of {@link nextHopProbe}, with words that can be repeated: ip takes no names, and an address's interface apart. */
export function hopResult(evidence: Evidence, id: string): ProbeResult | undefined {
  const result = evidence[`${id}-hop`];
  const address = hopOf(result).value?.address;
  if (result === undefined || address === undefined) return result;
  const device = /%(\S+)$/.exec(result.command.at(-1) ?? '')?.[1];
  const oif = device === undefined ? [] : ['oif', device];
  return { ...result, command: ['ip', 'route', 'get', address, ...oif] };
}

/** The result of {@link nextHopProbe}. */
export function hopOf(result: ProbeResult | undefined): Measured<NextHop> {
  return read(result, 'sh', parseNextHop, { endsByTime: true });
}

function answered(icmp: Measured<PingSeries>, tcp: Measured<ConnectSeries>): boolean | undefined {
  const tries = tcp.value?.tries ?? [];
  if ((icmp.value?.received ?? 0) > 0) return true;
  if (tries.some((t) => t.outcome === 'connected' || t.outcome === 'refused')) return true;
  return icmp.value === undefined && tries.length === 0 ? undefined : false;
}

/** The route, where there is one. */
export function routeOf(way: Way): Extract<ChosenRoute, { outcome: 'route' }> | undefined {
  const route = way.hop.value?.route;
  return route?.outcome === 'route' ? route : undefined;
}

/** The label, and the address where that says more. */
export function nameOf(way: Way): string {
  const address = way.hop.value?.address;
  return address === undefined || address === way.destination.label
    ? way.destination.label
    : `${way.destination.label} (${address})`;
}
