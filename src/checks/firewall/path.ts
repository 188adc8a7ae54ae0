/** A destination in words, and the lines that prove what was seen. Pure. */

import type { Quote } from '../../model/report.ts';
import { socketAddress } from '../../model/socket-address.ts';
import { linesOf, quoteCounters } from '../shared/quote.ts';
import { outcomeText, quoteTries } from '../shared/reach-probe.ts';
import { tell } from '../shared/reason.ts';
import type { FirewallFacts, PathFacts } from './facts.ts';

/** `svc/web (TCP 198.51.100.7:80)`, or what the user has typed where that says as much. */
export function nameOf({ destination, address, port }: PathFacts): string {
  const { label, protocol } = destination;
  const end = socketAddress(address, port);
  return label.includes(address)
    ? `${protocol.toUpperCase()} ${end}`
    : `${label} (${protocol.toUpperCase()} ${end})`;
}

/** What the connection came to, in words that end a sentence. */
export function seen({ reach, cause, unbound }: PathFacts): string {
  if (reach.value?.tries.at(-1)?.outcome === 'silent' && cause.kind === 'open')
    return unbound.own?.question === 'tftp' ? 'answered a request of TFTP' : 'answered';
  return reach.value ? outcomeText(reach.value) : tell(reach.skipped);
}

/** The address that the target sends from: `198.51.100.7 via … src 198.51.100.1 uid 0`. */
export function sourceOf({ reach }: PathFacts): string | undefined {
  return /\bsrc (\S+)/.exec(reach.value?.routes.join(' ') ?? '')?.[1];
}

/** A rule of the target leads the connection to a proxy of its own, or may. */
export function isLed({ detour, marked }: Pick<PathFacts, 'detour' | 'marked'>): boolean {
  return detour !== undefined || marked?.kind === 'here';
}

/** What connect() said. */
export function quoteReach({ results }: PathFacts): Quote[] {
  return quoteTries(results.reach, 3);
}

/** Who said no. */
export function quoteIcmp({ icmp }: PathFacts, { captureResult }: FirewallFacts): Quote[] {
  const [first] = icmp;
  // What a socket was told stands among its tries.
  if (first?.line === undefined || !captureResult) return [];
  return [{ command: captureResult.command, excerpt: first.line }];
}

/** The probe's own socket, as the kernel saw it while it waited. */
export function quoteSocket({ socket }: PathFacts, { socketsResult }: FirewallFacts): Quote[] {
  if (!socket || !socketsResult) return [];
  const lines = linesOf(socketsResult);
  const at = lines.findIndex(
    (line) => line.includes(` ${socket.local} `) && line.includes(` ${socket.peer}`),
  );
  const excerpt = lines.slice(at, at + 2).map((line) => line.trim().replace(/\s+/g, ' '));
  return at < 0 ? [] : [{ command: socketsResult.command, excerpt: excerpt.join('\n').slice(0, 600) }];
}

export function quoteGrown({ counters }: FirewallFacts, names: readonly string[]): Quote[] {
  return quoteCounters(counters.quotes, counters.before, counters.after, names);
}

/** Counters of the path's own address family; those of TCP are of both. */
export function quoteGrownIp(
  { address }: PathFacts,
  facts: FirewallFacts,
  name: 'Icmp.InDestUnreachs' | 'Ip.OutNoRoutes',
): Quote[] {
  if (!address.includes(':')) return quoteGrown(facts, [name]);
  const { quotes, before, after } = facts.counters6;
  return quoteCounters(quotes, before, after, [name.replace('.', '6')]);
}
