/** Parses `iptables-save -c` (iptables 1.8, both kinds) down to what can stop a packet. Pure. */
import type { FilterChain, FilterRule, FilterRules, RuleMatch } from './filter-rules.ts';

/** The hooks of the chains that are always there. */
const HOOKS: Readonly<Record<string, string>> = {
  INPUT: 'input',
  OUTPUT: 'output',
  FORWARD: 'forward',
  PREROUTING: 'prerouting',
  POSTROUTING: 'postrouting',
};

/** Rules of any verdict are counted in `total`: who has some uses this kind of iptables. */
export interface SavedRules extends FilterRules {
  readonly total: number;
}

export function parseIptablesSave(stdout: string, source: 'iptables-nft' | 'iptables-legacy'): SavedRules {
  const chains: FilterChain[] = [];
  const rules: FilterRule[] = [];
  // Two equal rules are told apart by their order.
  const seen = new Map<string, number>();
  let table = '';
  let total = 0;
  for (const line of stdout.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1).trim();
    const chain = /^:(\S+) (\S+) \[(\d+):\d+\]/.exec(line);
    if (chain) {
      const [, name = '', policy = '-', packets] = chain;
      chains.push({
        source,
        family: 'ip',
        table,
        name,
        hook: HOOKS[name],
        policy: policy === '-' ? undefined : policy.toLowerCase(),
        packets: Number(packets),
      });
    }
    const rule = /^\[(\d+):\d+\] (-A (\S+) ?(.*))$/.exec(line);
    if (!rule) continue;
    total += 1;
    const [, packets, text = '', name = '', words = ''] = rule;
    const verdict = /(?:^| )-[jg] (DROP|REJECT)\b/.exec(words)?.[1];
    if (verdict === undefined) continue;
    const identity = `${source} ${table} ${text}`;
    const nth = seen.get(identity) ?? 0;
    seen.set(identity, nth + 1);
    rules.push({
      source,
      family: 'ip',
      table,
      chain: name,
      hook: HOOKS[name],
      key: `${identity} ${nth}`,
      verdict: verdict === 'DROP' ? 'drop' : 'reject',
      packets: Number(packets),
      matches: matchesOf(words),
      text: `-t ${table} ${text}`,
    });
  }
  return { chains, rules, total };
}

const OPTIONS: Readonly<Record<string, RuleMatch['field']>> = {
  '-p': 'protocol',
  '-s': 'saddr',
  '-d': 'daddr',
  '--sport': 'sport',
  '--dport': 'dport',
  '--sports': 'sport',
  '--dports': 'dport',
};

function matchesOf(text: string): RuleMatch[] {
  const words = text.split(' ');
  return words.flatMap((word, i) => {
    const field = OPTIONS[word];
    const value = words[i + 1];
    if (field === undefined || value === undefined) return [];
    return [
      { field, values: value.split(',').map((v) => v.replace(':', '-')), negated: words[i - 1] === '!' },
    ];
  });
}
