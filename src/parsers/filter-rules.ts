/** What nft and both kinds of iptables have in common: chains, rules that stop packets, and their counters. Pure. */

/** Which tool shows it. iptables-nft rules live in nftables, legacy ones do not. */
export type RuleSource = 'nft' | 'iptables-nft' | 'iptables-legacy';

export type MatchField = 'protocol' | 'sport' | 'dport' | 'saddr' | 'daddr' | 'ctstate';

/** Something that a rule asks of a packet. */
export interface RuleMatch {
  readonly field: MatchField;
  /** Values, `from-to` for ports and addresses, `address/length`; one of them has to hold. */
  readonly values: readonly string[];
  readonly negated: boolean;
  /** Of a concatenation its other parts: the nth value of each has to hold with the nth of `values`. Of a part without a field nothing is known. */
  readonly and?: readonly { readonly field: MatchField | undefined; readonly values: readonly string[] }[];
  /** The named set or map of nft whose elements the values are, and these as nft takes them. */
  readonly set?: { readonly name: string; readonly elements: readonly string[] };
}

export interface FilterChain {
  readonly source: RuleSource;
  readonly family: string;
  readonly table: string;
  readonly name: string;
  /** Where it stands in a packet's way, such as `output`; absent: another chain jumps to it. */
  readonly hook: string | undefined;
  readonly policy: string | undefined;
  /** Packets that came to the policy; `undefined` where they are not counted. */
  readonly packets: number | undefined;
  /** {@link FilterRule.spared} of its policy. */
  readonly spared: readonly (readonly RuleMatch[])[];
  /** {@link FilterRule.maySpare} of its policy. */
  readonly maySpare: boolean;
}

/** A rule that drops or rejects. */
export interface FilterRule {
  readonly source: RuleSource;
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  readonly hook: string | undefined;
  /** The same in two snapshots of the same rules. */
  readonly key: string;
  readonly verdict: 'drop' | 'reject';
  /** `undefined`: it counts nothing. */
  readonly packets: number | undefined;
  /** What of its conditions is understood; more may be in `text`. */
  readonly matches: readonly RuleMatch[];
  /** All of its conditions are in `matches`. */
  readonly isUnderstood: boolean;
  /** What rules before it in its own chain accept, so that it never sees it: the conditions of those that are understood. */
  readonly spared: readonly (readonly RuleMatch[])[];
  /** Rules before it accept, or lead elsewhere, what is not understood: more may be spared. */
  readonly maySpare: boolean;
  /** The rule, as its tool writes it. */
  readonly text: string;
  /** The words of the command that takes the element of a named set away by which it holds for the packet in question. */
  readonly elementRemoval?: readonly string[];
}

/** Bits of a packet's mark. */
export interface Mark {
  readonly value: number;
  readonly mask: number;
}

/** A rule that changes the mark of what the target sends, whose route the kernel then looks for again. */
export interface MarkRule
  extends Pick<
    Detour,
    'source' | 'family' | 'table' | 'chain' | 'key' | 'packets' | 'matches' | 'spared' | 'isCertain' | 'text'
  > {
  /** The bits of the mask are cleared, and those of the value then turned over. */
  readonly mark: Mark;
}

/** A rule that hands what comes in to a transparent proxy of the target (TPROXY). */
export interface ProxyRule
  extends Pick<
    Detour,
    'source' | 'family' | 'table' | 'chain' | 'key' | 'packets' | 'matches' | 'port' | 'text'
  > {
  /** The mark that a packet has to have. */
  readonly asks: Mark | undefined;
}

/** A rule that leads packets to a port of the target itself, whatever they are sent to. */
export interface Detour
  extends Pick<FilterRule, 'source' | 'family' | 'table' | 'chain' | 'key' | 'packets' | 'matches' | 'text'> {
  /** Empty: the one that they are sent to. */
  readonly port: string;
  /** What the target sends comes to its chain. */
  readonly isOfOutput: boolean;
  /** What rules before it in its own chain spare, of those that are understood. */
  readonly spared: readonly (readonly RuleMatch[])[];
  /** All that decides whether a packet of root comes to it is in `matches` and `spared`. */
  readonly isCertain: boolean;
}

/** All that one tool shows. */
export interface FilterRules {
  readonly chains: readonly FilterChain[];
  readonly rules: readonly FilterRule[];
  readonly detours: readonly Detour[];
  readonly marks: readonly MarkRule[];
  readonly proxies: readonly ProxyRule[];
}

/** Chains that packets of a hook come to: its own, and what they jump to. */
export function reachableChains(
  hooked: readonly string[],
  jumps: readonly (readonly [from: string, to: string])[],
): ReadonlySet<string> {
  const reached = new Set(hooked);
  for (let size = -1; size !== reached.size; ) {
    size = reached.size;
    for (const [from, to] of jumps) if (reached.has(from)) reached.add(to);
  }
  return reached;
}
