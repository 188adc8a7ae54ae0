/** What this machine's own rules do to what a namespace of it sends out through it. Pure. */
import type { Evidence } from '../../model/evidence.ts';
import { parseInterfaces } from '../../parsers/ip-addr.ts';
import { parsePrefix } from '../../parsers/ip-prefix.ts';
import { parseRoutes } from '../../parsers/ip-route.ts';
import { inTable, longestMatch } from '../shared/lookup.ts';
import { read } from '../shared/measured.ts';
import { type BookOutcome, countedBefore, isStop, ruleBooks, stopOf } from '../shared/rule-books.ts';
import { walk } from '../shared/walk.ts';
import type { Machine, PathFacts } from './facts.ts';

/** Begins the ids of the machine's results in the evidence of the check. */
export const BESIDE = 'machine-';

/** `undefined`: nobody looked there, or it could not be read. */
export function machineOf(evidence: Evidence): Machine | undefined {
  const results = Object.fromEntries(
    Object.entries(evidence).flatMap(([id, result]) =>
      id.startsWith(BESIDE) ? [[id.slice(BESIDE.length), result]] : [],
    ),
  );
  const interfaces = read(results['addresses'], 'ip', parseInterfaces).value;
  const routes = read(results['routes'], 'ip', parseRoutes).value;
  const books = ruleBooks(results);
  return interfaces === undefined || routes === undefined || books.length === 0
    ? undefined
    : { books, interfaces, routes };
}

/** A rule, or the policy of a chain, at which the connection certainly ends, and what it counted meanwhile. */
export interface MachineStop {
  readonly outcome: BookOutcome;
  /** The interface of the machine by which the packets come in. */
  readonly device: string;
  readonly isToHost: boolean;
  /** In the run; `undefined`: it counts nothing. */
  readonly packets: number | undefined;
}

/** Of a connection of IPv4 that failed as a filter makes it fail, whose next hop is this machine. */
export function machineStop(machine: Machine, path: PathFacts): MachineStop | undefined {
  const { cause, hop, address, port, destination } = path;
  const isSilent = cause.kind === 'dropped';
  if (!isSilent && cause.kind !== 'rejected' && cause.kind !== 'prohibited') return undefined;
  const source = hop?.source;
  const target = parsePrefix(address);
  const device = deviceTo(machine, path);
  if (source === undefined || device === undefined || target?.family !== 'inet') return undefined;
  const isToHost = machine.interfaces.some(({ addresses }) =>
    addresses.some((one) => one.address === address),
  );
  const out = longestMatch(
    target,
    inTable(machine.routes, 'main').filter(({ type }) => type === 'unicast'),
  )?.devices[0];
  // Where it goes out is a part of what rules ask.
  if (!isToHost && out === undefined) return undefined;
  const packet = {
    protocol: destination.protocol,
    source,
    destination: address,
    port,
    in: { is: device },
    isToHost,
    ...(isToHost || out === undefined ? {} : { out: { is: out } }),
  };
  const table = 'filter';
  const ways = machine.books.map((book) =>
    walk(book.tables, table, isToHost ? 'INPUT' : 'FORWARD', packet).map(
      (one): BookOutcome => ({ ...one, book, table }),
    ),
  );
  const outcome = stopOf(ways);
  if (outcome === undefined || !isStop(outcome)) return undefined;
  // What comes at once is no drop's doing, and an error is not what silence is made of.
  if ((outcome.verdict === 'reject') === isSilent) return undefined;
  const isUncounted = outcome.isUncounted === true || (outcome.isPolicy && outcome.book.base !== undefined);
  const packets = isUncounted ? undefined : outcome.packets - countedBefore(outcome);
  return packets === 0 ? undefined : { outcome, device, isToHost, packets };
}

/** The interface of the machine by which the target's packets come in, where the machine is its next hop. */
export function deviceTo({ interfaces }: Machine, { hop }: PathFacts): string | undefined {
  return interfaces.find(({ addresses }) => addresses.some((one) => one.address === hop?.neighbour))?.name;
}
