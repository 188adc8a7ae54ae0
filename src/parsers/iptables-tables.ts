/** Parses `iptables-save -c` (iptables 1.8, both kinds) in full: tables, chains, and their rules in order. Pure. */

/** One condition of a rule: `! -i docker0`, `--dport 80`, `--match-set blocked src`. */
export interface IptablesMatch {
  /** `-p`, `--dport`, …; a module's name (`-m tcp`) is none. */
  readonly option: string;
  readonly values: readonly string[];
  readonly negated: boolean;
}

export interface IptablesRule {
  readonly matches: readonly IptablesMatch[];
  /** `ACCEPT`, `DNAT`, a chain's name; empty for a rule that only counts. */
  readonly target: string;
  /** `-g`: what returns from the target returns to the chain before. */
  readonly isGoto: boolean;
  /** The words after the target: `--to-destination`, `172.17.0.2:80`. */
  readonly targetWords: readonly string[];
  readonly packets: number;
  /** It has no counter (nft). */
  readonly isUncounted?: boolean;
  /** As iptables takes it, with its table. */
  readonly text: string;
}

export interface IptablesChain {
  readonly name: string;
  /** Of a chain that is always there: `ACCEPT` or `DROP`. */
  readonly policy: string | undefined;
  /** Packets that came to the policy. */
  readonly packets: number;
  readonly rules: readonly IptablesRule[];
}

/** A table's chains by name. */
export type IptablesTable = ReadonlyMap<string, IptablesChain>;

/** Tables by name; what is not there has no rules. */
export function parseIptablesTables(stdout: string): ReadonlyMap<string, IptablesTable> {
  const tables = new Map<string, Map<string, IptablesChain & { readonly rules: IptablesRule[] }>>();
  let name = '';
  for (const line of stdout.split('\n')) {
    if (line.startsWith('*')) {
      name = line.slice(1).trim();
      tables.set(name, new Map());
    }
    const table = tables.get(name);
    const head = /^:(\S+) (\S+) \[(\d+):\d+\]/.exec(line);
    if (head) {
      const [, chain = '', policy = '-', packets] = head;
      const own = policy === '-' ? undefined : policy;
      table?.set(chain, { name: chain, policy: own, packets: Number(packets), rules: [] });
    }
    const rule = /^\[(\d+):\d+\] (-A (\S+) ?(.*))$/.exec(line);
    if (!rule) continue;
    const [, packets, text = '', chain = '', words = ''] = rule;
    table?.get(chain)?.rules.push({
      ...ruleOf(wordsOf(words)),
      packets: Number(packets),
      text: `-t ${name} ${text}`,
    });
  }
  return tables;
}

/** One word of a rule; what was quoted is never an option. */
interface Word {
  readonly text: string;
  readonly isQuoted: boolean;
}

function wordsOf(text: string): Word[] {
  return Array.from(text.matchAll(/"((?:[^"\\]|\\.)*)"|\S+/g), ([all, quoted]) =>
    quoted === undefined ? { text: all, isQuoted: false } : { text: quoted, isQuoted: true },
  );
}

function ruleOf(words: readonly Word[]): Pick<IptablesRule, 'matches' | 'target' | 'isGoto' | 'targetWords'> {
  const isOption = ({ text, isQuoted }: Word): boolean => !isQuoted && /^--?[a-z]/.test(text);
  const matches: IptablesMatch[] = [];
  let negated = false;
  for (let at = 0; at < words.length; ) {
    const word = words[at++];
    if (word === undefined) break;
    if (!isOption(word)) {
      negated = word.text === '!' && !word.isQuoted;
      continue;
    }
    if (word.text === '-j' || word.text === '-g') {
      const [target, ...rest] = words.slice(at).map(({ text }) => text);
      return { matches, target: target ?? '', isGoto: word.text === '-g', targetWords: rest };
    }
    const values: string[] = [];
    for (let next = words[at]; next && !isOption(next); next = words[at]) {
      // It belongs to the option that follows.
      if (next.text === '!' && !next.isQuoted) break;
      values.push(next.text);
      at++;
    }
    if (word.text !== '-m') matches.push({ option: word.text, values, negated });
    negated = false;
  }
  return { matches, target: '', isGoto: false, targetWords: [] };
}
