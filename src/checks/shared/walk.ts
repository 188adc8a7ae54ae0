/**
 * What a table of iptables does to the first packet of a connection, or to one that answers it, judged by its rules alone. What a rule asks and
 * is not known of the packet is answered "perhaps". Pure.
 */
import { contains, parsePrefix } from '../../parsers/ip-prefix.ts';
import type { IptablesMatch, IptablesRule, IptablesTable } from '../../parsers/iptables-tables.ts';

/** An interface: its name, or names that it is known not to have. */
export type Side = { readonly is: string } | { readonly isNot: readonly string[] };

/** What is known of a packet; what is absent may be anything. */
export interface WalkedPacket {
  readonly protocol?: 'tcp' | 'udp';
  readonly source?: string;
  readonly destination?: string;
  readonly port?: number;
  readonly in?: Side;
  readonly out?: Side;
  /** Whether its destination is an address of the host's own. */
  readonly isToHost?: boolean;
  /** The destination's port before translation. */
  readonly originalPort?: number;
  readonly sourcePort?: number;
  /** Its own mark, which is the connection's too. */
  readonly mark?: number;
  /** It answers somebody: its connection is known. */
  readonly isAnswer?: boolean;
}

/** One way in which the walk may end. */
export interface Outcome {
  readonly verdict: 'accept' | 'drop' | 'reject' | 'translate' | 'other';
  /** The rule, as iptables takes it; for a chain's policy, the command that sets it. */
  readonly text: string;
  /** What it has counted so far. */
  readonly packets: number;
  /** It counts nothing. */
  readonly isUncounted?: boolean;
  /** The chain that it is in. */
  readonly chain: string;
  /** Where a DNAT rule leads: `172.17.0.2:80`. */
  readonly to?: string;
  /** Empty for a policy. */
  readonly matches: readonly IptablesMatch[];
  readonly isPolicy: boolean;
}

const VERDICTS: Readonly<Record<string, Outcome['verdict']>> = {
  ACCEPT: 'accept',
  DROP: 'drop',
  REJECT: 'reject',
  DNAT: 'translate',
  SNAT: 'translate',
  MASQUERADE: 'translate',
  REDIRECT: 'translate',
  NETMAP: 'translate',
  NFQUEUE: 'other',
  QUEUE: 'other',
};

/** Chains cannot jump in circles, but text that somebody has made can. */
const MAX_DEPTH = 32;

/** The ways in which the walk may end, in order; the last is certain if no earlier one is taken. */
export function walk(
  tables: ReadonlyMap<string, IptablesTable>,
  table: string,
  chain: string,
  packet: WalkedPacket,
): Outcome[] {
  const chains = tables.get(table);
  const { outcomes, passes } = through(chains, chain, packet, 0);
  if (!passes) return outcomes;
  const { policy = 'ACCEPT', packets = 0 } = chains?.get(chain) ?? {};
  const verdict = policy === 'DROP' ? 'drop' : 'accept';
  const text = `-t ${table} -P ${chain} ${policy}`;
  return [...outcomes, { verdict, text, packets, chain, matches: [], isPolicy: true }];
}

interface Passage {
  readonly outcomes: readonly Outcome[];
  /** Whether the packet may come out at the end of the chain. */
  readonly passes: boolean;
}

function through(
  table: IptablesTable | undefined,
  name: string,
  packet: WalkedPacket,
  depth: number,
): { outcomes: Outcome[]; passes: boolean } {
  const outcomes: Outcome[] = [];
  let passes = false;
  for (const rule of table?.get(name)?.rules ?? []) {
    const holds = ruleHolds(rule, packet);
    if (holds === false) continue;
    if (rule.target === 'RETURN') {
      passes = true;
      if (holds) return { outcomes, passes };
      continue;
    }
    const inner = passage(table, name, rule, packet, depth);
    for (const outcome of inner.outcomes) outcomes.push(outcome);
    if (rule.isGoto && inner.passes) passes = true;
    if (holds && (rule.isGoto || !inner.passes)) return { outcomes, passes };
  }
  return { outcomes, passes: true };
}

/** What a rule's target does to a packet that the rule holds for. */
function passage(
  table: IptablesTable | undefined,
  chain: string,
  rule: IptablesRule,
  packet: WalkedPacket,
  depth: number,
): Passage {
  const { target, targetWords, text, packets, isUncounted, matches } = rule;
  const verdict = VERDICTS[target];
  if (verdict !== undefined) {
    const to = targetWords[targetWords.indexOf('--to-destination') + 1];
    const leads = target === 'DNAT' && to !== undefined ? { to } : {};
    const counts = isUncounted === true ? { isUncounted } : {};
    return {
      outcomes: [{ verdict, text, packets, chain, matches, isPolicy: false, ...leads, ...counts }],
      passes: false,
    };
  }
  // LOG, MARK and the like do something and let it go on.
  if (table?.has(target) !== true || depth >= MAX_DEPTH) return { outcomes: [], passes: true };
  return through(table, target, packet, depth + 1);
}

/** `undefined`: perhaps. */
function ruleHolds({ matches }: IptablesRule, packet: WalkedPacket): boolean | undefined {
  let all: boolean | undefined = true;
  for (const match of matches) {
    const one = matchHolds(match, packet);
    if (one === false) return false;
    if (one === undefined) all = undefined;
  }
  return all;
}

function matchHolds({ option, values, negated }: IptablesMatch, packet: WalkedPacket): boolean | undefined {
  const plain = plainHolds(option, values, packet);
  return plain === undefined ? undefined : plain !== negated;
}

function plainHolds(option: string, values: readonly string[], packet: WalkedPacket): boolean | undefined {
  const [value = ''] = values;
  switch (option) {
    case '--comment':
      return true;
    case '-p':
      return packet.protocol && values.includes(packet.protocol);
    case '-i':
      return oneHolds(values, (one) => sideHolds(packet.in, one));
    case '-o':
      return oneHolds(values, (one) => sideHolds(packet.out, one));
    case '-s':
      return oneHolds(values, (one) => addressHolds(packet.source, one));
    case '-d':
      return oneHolds(values, (one) => addressHolds(packet.destination, one));
    case '--dport':
    case '--dports':
      return portHolds(packet.port, value);
    case '--sport':
    case '--sports':
      return portHolds(packet.sourcePort, value);
    case '--mark':
      return markHolds(packet.mark, value);
    case '--ctorigdstport':
      return portHolds(packet.originalPort ?? packet.port, value);
    case '--ctstate':
    case '--state':
      return value.split(',').includes(packet.isAnswer === true ? 'ESTABLISHED' : 'NEW');
    case '--ctdir':
      return value === (packet.isAnswer === true ? 'REPLY' : 'ORIGINAL');
    case '--dst-type':
      return value === 'LOCAL' ? packet.isToHost : undefined;
    default:
      return undefined;
  }
}

/** Of iptables there is one value; of nft there may be a set. */
function oneHolds(
  values: readonly string[],
  holds: (value: string) => boolean | undefined,
): boolean | undefined {
  const all = values.map(holds);
  if (all.includes(true)) return true;
  return all.includes(undefined) ? undefined : false;
}

function sideHolds(side: Side | undefined, value: string): boolean | undefined {
  if (side === undefined) return undefined;
  // A plus at the end stands for anything.
  const fits = (name: string): boolean =>
    value.endsWith('+') ? name.startsWith(value.slice(0, -1)) : name === value;
  if ('is' in side) return fits(side.is);
  return side.isNot.some((name) => name === value) ? false : undefined;
}

function addressHolds(address: string | undefined, value: string): boolean | undefined {
  const prefix = parsePrefix(value);
  const known = address === undefined ? undefined : parsePrefix(address);
  if (prefix?.length === 0) return true;
  return prefix && known && contains(prefix, known);
}

/** @param value `0xca6c`, `0x1/0xff` */
function markHolds(mark: number | undefined, value: string): boolean | undefined {
  if (mark === undefined) return undefined;
  const [wanted = 0, mask = 0xffffffff] = value.split('/').map(Number);
  return (mark & mask) === wanted;
}

function portHolds(port: number | undefined, value: string): boolean | undefined {
  if (port === undefined) return undefined;
  return value.split(',').some((one) => {
    const [from = '', to = from] = one.split(':');
    return port >= Number(from || 0) && port <= Number(to || 65_535);
  });
}
