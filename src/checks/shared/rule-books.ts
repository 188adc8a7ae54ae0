/** The rules of a host that packets of others pass through, as walks follow them. Pure. */
import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import { type IptablesTable, parseIptablesTables } from '../../parsers/iptables-tables.ts';
import { type NftBase, parseNftChains } from '../../parsers/nft-chains.ts';
import { read } from './measured.ts';
import { deletionOf } from './remove-rule.ts';
import type { Outcome } from './walk.ts';

/** What one kind of iptables shows, or the chains that begin at one base chain of nft: a packet passes each of them. */
export interface RuleBook {
  readonly source: 'iptables-nft' | 'iptables-legacy' | 'nft';
  /** Of nft: whose base chain it is. */
  readonly base?: Pick<NftBase, 'family' | 'table' | 'chain'>;
  readonly tables: ReadonlyMap<string, IptablesTable>;
  readonly before: ReadonlyMap<string, IptablesTable>;
  readonly result: ProbeResult;
}

/** The books of IPv4, of commands whose ids end with `-before` and `-after`. */
export function ruleBooks(results: Evidence): RuleBook[] {
  const byIptables = (['iptables', 'legacy'] as const).flatMap((name): RuleBook[] => {
    const result = results[`${name}-after`];
    if (result?.status !== 'exited' || result.code !== 0) return [];
    const tables = read(result, 'iptables-save', parseIptablesTables).value;
    if (tables === undefined) return [];
    const before = read(results[`${name}-before`], 'iptables-save', parseIptablesTables).value;
    const source = name === 'legacy' ? 'iptables-legacy' : 'iptables-nft';
    // Unknown, as what was made in between: it has counted nothing.
    return [{ source, tables, before: before ?? new Map(), result }];
  });
  return [...byIptables, ...nftBooks(results, 'ip')];
}

/** What nft shows and iptables does not, of packets of one family. */
export function nftBooks(results: Evidence, family: 'ip' | 'ip6'): RuleBook[] {
  const result = results['nft-after'];
  const parse = (text: string): NftBase[] | undefined => parseNftChains(text, family);
  const before = read(results['nft-before'], 'nft', parse).value ?? [];
  return (read(result, 'nft', parse).value ?? []).flatMap((one): RuleBook[] => {
    if (result === undefined) return [];
    const { chains, kind, chain, table, family: own } = one;
    const known = before.find((b) => b.family === own && b.table === table && b.chain === chain);
    return [
      {
        source: 'nft',
        base: { family: own, table, chain },
        tables: new Map([[kind, chains]]),
        before: new Map([[kind, known?.chains ?? new Map()]]),
        result,
      },
    ];
  });
}

/** How a walk may end, and where that stands. */
export interface BookOutcome extends Outcome {
  readonly book: RuleBook;
  readonly table: string;
}

export function isStop({ verdict }: Outcome): boolean {
  return verdict === 'drop' || verdict === 'reject';
}

/** The rule that stops the packet for certain; `undefined`: it passes, or may pass. */
export function stopOf(ways: readonly (readonly BookOutcome[])[]): BookOutcome | undefined {
  const stopped = ways.find((way) => way.length > 0 && way.every(isStop));
  return stopped?.[0];
}

/** The command that takes a rule away; `undefined` for a policy. */
export function deletionOn({ book, table, chain, text, isPolicy }: BookOutcome): string[] | undefined {
  if (isPolicy) return undefined;
  const { source, base } = book;
  if (base === undefined) return deletionOf({ source, family: 'ip', table, chain, text });
  return deletionOf({ source, ...base, chain: chainName({ book, chain }), text });
}

/** A chain's own name: the first of nft's is kept under that of its hook. */
export function chainName({ book: { base, tables }, chain }: Pick<BookOutcome, 'book' | 'chain'>): string {
  const isFirst = [...tables.values()].some((chains) => chains.get(chain)?.policy !== undefined);
  return base !== undefined && isFirst ? base.chain : chain;
}

/** What it had counted before the probes. */
export function countedBefore({ book, table, text, chain, packets, isPolicy }: BookOutcome): number {
  const known = book.before.get(table)?.get(chain);
  const same = isPolicy ? known : known?.rules.find((rule) => rule.text === text);
  // Without one, it was made in between.
  return same?.packets ?? packets;
}
