/** Parses `iptables-save -c` (iptables 1.8, both kinds) down to what can stop a packet, or lead it to the target itself. Pure. */
import {
  type Detour,
  type FilterChain,
  type FilterRule,
  type FilterRules,
  type MarkRule,
  type ProxyRule,
  type RuleMatch,
  reachableChains,
} from './filter-rules.ts';
import { markOf, proxyPortOf } from './iptables-marks.ts';

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

/** @param family `ip6` for what ip6tables-save prints, which looks the same */
export function parseIptablesSave(
  stdout: string,
  source: 'iptables-nft' | 'iptables-legacy',
  family: 'ip' | 'ip6' = 'ip',
): SavedRules {
  const chains: FilterChain[] = [];
  const rules: FilterRule[] = [];
  const detours: Omit<Detour, 'isOfOutput'>[] = [];
  const marks: MarkRule[] = [];
  const proxies: ProxyRule[] = [];
  const jumps: [string, string][] = [];
  // Two equal rules are told apart by their order.
  const seen = new Map<string, number>();
  const accepted = new Map<string, RuleMatch[][]>();
  const nthOf = (identity: string): string => {
    const nth = seen.get(identity) ?? 0;
    seen.set(identity, nth + 1);
    return `${identity} ${nth}`;
  };
  const sparedIn = (name: string): RuleMatch[][] => accepted.get(`${table} ${name}`) ?? [];
  let table = '';
  let total = 0;
  for (const line of stdout.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1).trim();
    const chain = /^:(\S+) (\S+) \[(\d+):\d+\]/.exec(line);
    if (chain) {
      const [, name = '', policy = '-', packets] = chain;
      chains.push({
        source,
        family,
        table,
        name,
        hook: HOOKS[name],
        policy: policy === '-' ? undefined : policy.toLowerCase(),
        packets: Number(packets),
        spared: [],
        maySpare: true,
      });
    }
    const rule = /^\[(\d+):\d+\] (-A (\S+) ?(.*))$/.exec(line);
    if (!rule) continue;
    total += 1;
    const [, packets, text = '', name = '', words = ''] = rule;
    const target = /(?:^| )-[jg] (\S+)/.exec(words)?.[1] ?? '';
    jumps.push([`${table} ${name}`, `${table} ${target}`]);
    const { matches, isUnderstood } = conditionsOf(words);
    const port = detourPort(target, words);
    if (port !== undefined) {
      const key = nthOf(`${source} ${family} ${table} ${text}`);
      // It always counts, so that nobody has to know what comes to it.
      const sure = { spared: [], isCertain: false } as const;
      const rest = { packets: Number(packets), matches, text: `-t ${table} ${text}`, ...sure };
      detours.push({ source, family, table, chain: name, key, port, ...rest });
    }
    // The same is said of those: a counter tells what comes to them.
    const counted = { source, family, table, chain: name, packets: Number(packets), matches };
    const full = { ...counted, text: `-t ${table} ${text}` };
    const mark = markOf(target, words);
    if (mark !== undefined)
      marks.push({
        ...full,
        key: nthOf(`${source} ${family} ${table} ${text}`),
        mark,
        spared: [],
        isCertain: false,
      });
    const proxied = proxyPortOf(target, words);
    if (proxied !== undefined)
      proxies.push({ ...full, key: nthOf(`${source} ${family} ${table} ${text}`), ...proxied });
    const verdict = /^(DROP|REJECT|ACCEPT)$/.exec(target)?.[1];
    if (verdict === undefined) continue;
    if (verdict === 'ACCEPT') {
      if (isUnderstood) accepted.set(`${table} ${name}`, [...sparedIn(name), matches]);
      continue;
    }
    rules.push({
      source,
      family,
      table,
      chain: name,
      hook: HOOKS[name],
      key: nthOf(`${source} ${family} ${table} ${text}`),
      verdict: verdict === 'DROP' ? 'drop' : 'reject',
      packets: Number(packets),
      matches,
      isUnderstood,
      spared: sparedIn(name),
      maySpare: true,
      text: `-t ${table} ${text}`,
    });
  }
  const whole = chains.map((chain) => ({
    ...chain,
    spared: accepted.get(`${chain.table} ${chain.name}`) ?? [],
  }));
  const from = (hooked: string): ReadonlySet<string> =>
    reachableChains(
      whole.filter(({ hook }) => hook === hooked).map((c) => `${c.table} ${c.name}`),
      jumps,
    );
  const reached = from('output');
  const coming = from('prerouting');
  return {
    chains: whole,
    rules,
    detours: detours.map((d) => ({ ...d, isOfOutput: reached.has(`${d.table} ${d.chain}`) })),
    // The route is looked for again after the table mangle (ipt_mangle_out of net/ipv4/netfilter/iptable_mangle.c).
    marks: marks.filter(({ table: own, chain }) => own === 'mangle' && reached.has(`${own} ${chain}`)),
    proxies: proxies.filter(({ table: own, chain }) => coming.has(`${own} ${chain}`)),
    total,
  };
}

/** The port of its own that a rule leads to; `undefined`: it leads elsewhere. */
function detourPort(target: string, words: string): string | undefined {
  if (target === 'REDIRECT') return /--to-ports (\S+)/.exec(words)?.[1] ?? '';
  const found = /--to-destination (?:127\.[\d.]+|\[?::1\]?)(?::(\d+))?(?= |$)/.exec(words);
  return target === 'DNAT' && found ? (found[1] ?? '') : undefined;
}

const OPTIONS: Readonly<Record<string, RuleMatch['field']>> = {
  '-p': 'protocol',
  '-s': 'saddr',
  '-d': 'daddr',
  '--sport': 'sport',
  '--dport': 'dport',
  '--sports': 'sport',
  '--dports': 'dport',
  '--state': 'ctstate',
  '--ctstate': 'ctstate',
};
/** They ask for nothing: what they take with them is not a condition. */
const NO_CONDITION = new Set(['-m', '-j', '-g', '--comment', '--reject-with']);

/** What a rule asks for, as far as it is understood. */
function conditionsOf(text: string): { matches: RuleMatch[]; isUnderstood: boolean } {
  const words = text.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
  const matches: RuleMatch[] = [];
  let isUnderstood = true;
  for (let i = 0; i < words.length; i++) {
    const negated = words[i] === '!';
    if (negated) i++;
    const field = OPTIONS[words[i] ?? ''];
    const value = words[i + 1];
    if (field !== undefined && value !== undefined) {
      const values = value
        .split(',')
        .map((v) => (field === 'ctstate' ? v.toLowerCase() : /^\d+:\d+$/.test(v) ? v.replace(':', '-') : v));
      matches.push({ field, values, negated });
    } else if (!NO_CONDITION.has(words[i] ?? '')) {
      isUnderstood = false;
      continue;
    }
    i++;
  }
  return { matches, isUnderstood };
}
