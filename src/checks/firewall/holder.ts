/**
 * Another namespace of this machine that has the address of a destination which is silent: what its rules do to the connection
 * and to what answers it. Pure.
 */
import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import { parseBeside } from '../../parsers/beside.ts';
import { parseInterfaces } from '../../parsers/ip-addr.ts';
import { read } from '../shared/measured.ts';
import { type BookOutcome, isStop, ruleBooks, stopOf } from '../shared/rule-books.ts';
import { type WalkedPacket, walk } from '../shared/walk.ts';
import type { Holder, PathFacts } from './facts.ts';

/** The id of the command for a destination. */
export function holderId({ id }: { readonly id: string }): string {
  return `${id}-holder`;
}

/** `undefined`: nobody looked, or there is not exactly one that has both the address and the MAC address. */
export function holderOf(
  result: ProbeResult | undefined,
  address: string,
  mac: string | undefined,
): Holder | undefined {
  const all = read(result, 'sh', parseBeside).value ?? [];
  const found = all.flatMap(({ path, parts }): Holder[] => {
    if (result === undefined) return [];
    const interfaces = parseInterfaces(parts.get('addresses') ?? '') ?? [];
    const link = interfaces.find((one) => one.mac === mac);
    const owns = interfaces.some(({ addresses }) => addresses.some((one) => one.address === address));
    if (!owns || link === undefined) return [];
    const evidence: Evidence = Object.fromEntries(
      Object.entries(COMMANDS).flatMap(([id, command]) => {
        const stdout = parts.get(id);
        // What a tool that is missing, or may not, says is no rules.
        return stdout === undefined ? [] : [[id, { ...result, id, command, stdout }]];
      }),
    );
    return [{ path, device: link.name, books: ruleBooks(evidence) }];
  });
  return found.length === 1 ? found[0] : undefined;
}

const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  'nft-after': ['nft', '-j', 'list', 'ruleset'],
  'iptables-after': ['iptables-save', '-c'],
  'legacy-after': ['iptables-legacy-save', '-c'],
};

/** Where a connection certainly ends there. */
export interface HolderStop {
  readonly outcome: BookOutcome;
  /** What it takes. */
  readonly takes: 'requests' | 'answers';
}

/** Of a connection that is silent. */
export function holderStop({ books, device }: Holder, path: PathFacts): HolderStop | undefined {
  const { hop, address, port, destination } = path;
  const source = hop?.source;
  if (path.cause.kind !== 'dropped' || source === undefined) return undefined;
  const { protocol } = destination;
  const request: WalkedPacket = {
    protocol,
    source,
    destination: address,
    port,
    in: { is: device },
    isToHost: true,
  };
  const isLed = ways(books, ['nat'], 'PREROUTING', request).some((way) =>
    way.some(({ verdict }) => verdict === 'translate' || verdict === 'other'),
  );
  // Where it gets to then, and from where the answer comes, is another question.
  if (isLed) return undefined;
  const taken =
    dropIn(ways(books, ['raw', 'mangle', 'filter'], 'PREROUTING', request)) ??
    dropIn(ways(books, ['mangle', 'filter'], 'INPUT', request));
  if (taken !== undefined) return { outcome: taken, takes: 'requests' };
  const answer: WalkedPacket = {
    protocol,
    source: address,
    destination: source,
    sourcePort: port,
    isToHost: false,
    isAnswer: true,
  };
  const kept = dropIn(ways(books, ['raw', 'mangle', 'filter'], 'OUTPUT', answer));
  return kept && { outcome: kept, takes: 'answers' };
}

function ways(
  books: Holder['books'],
  tables: readonly string[],
  chain: string,
  packet: WalkedPacket,
): BookOutcome[][] {
  return books.flatMap((book) =>
    tables.map((table) =>
      walk(book.tables, table, chain, packet).map((one): BookOutcome => ({ ...one, book, table })),
    ),
  );
}

/** What counts, and has counted nothing, was not met. */
function dropIn(all: readonly (readonly BookOutcome[])[]): BookOutcome | undefined {
  const outcome = stopOf(all);
  if (outcome === undefined || !isStop(outcome) || outcome.verdict !== 'drop') return undefined;
  const isUncounted = outcome.isUncounted === true || (outcome.isPolicy && outcome.book.base !== undefined);
  return !isUncounted && outcome.packets === 0 ? undefined : outcome;
}
