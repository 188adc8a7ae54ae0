/** One sign for each pair, and what was not measured: what all formats of a matrix tell alike. Pure. */
import {
  type MatrixCell,
  type MatrixPlace,
  type MatrixProbe,
  type MatrixReport,
  placeKey,
} from '../model/matrix.ts';
import { cellsByPair, connectedPorts, pairKey, portKey } from '../model/matrix-pairs.ts';

/** The worst of a pair, in one character, from bad to good. */
export const SIGNS = {
  '×': 'nothing is answered',
  '4': 'IPv4 is not answered',
  '6': 'IPv6 is not answered',
  T: 'no TCP',
  U: 'no UDP',
  S: 'no full-size packet',
  I: 'no echo',
  '~': 'echoes lost',
  '?': 'not measured',
  '·': 'reached',
} as const;

export type Sign = keyof typeof SIGNS;

const ORDER = Object.keys(SIGNS).sort((a, b) => rank(a) - rank(b)) as Sign[];

/** Integer keys come first in every object, whatever the order that they are written in. */
function rank(sign: string): number {
  return ['×', '4', '6', 'T', 'U', 'S', 'I', '~', '?', '·'].indexOf(sign);
}

/** The signs of all pairs that were asked for. */
export class Signs {
  readonly #byPair = new Map<string, Sign>();

  constructor({ cells }: Pick<MatrixReport, 'cells'>) {
    const connects = connectedPorts(cells);
    for (const [key, pair] of cellsByPair(cells)) {
      const signs = pair.map((cell) => cellSign(cell, connects.has(portKey(cell))));
      const isHalf = signs.includes('×') && signs.some((sign) => sign !== '×' && sign !== '?');
      this.#byPair.set(
        key,
        worst(signs.map((sign, i) => (isHalf && sign === '×' ? familySign(pair[i]) : sign))),
      );
    }
  }

  /** `undefined`: the pair was not asked for. */
  of(source: number, destination: number): Sign | undefined {
    return this.#byPair.get(pairKey(source, destination));
  }

  /** Those that there are, the worst first. */
  used(): Sign[] {
    const all = new Set(this.#byPair.values());
    return ORDER.filter((sign) => all.has(sign));
  }
}

/** The worst of several. */
export function worst(signs: readonly Sign[]): Sign {
  return ORDER.find((sign) => signs.includes(sign)) ?? '?';
}

/** Of a single probe, such as that of a source's name server. */
export function probeSign(probe: MatrixProbe | undefined): Sign | undefined {
  if (probe === undefined) return undefined;
  if (probe.outcome === 'reached') return '·';
  return probe.outcome === 'unmeasured' ? '?' : '×';
}

function familySign(cell: MatrixCell | undefined): Sign {
  return cell?.family === 6 ? '6' : '4';
}

/** @param connects whether somebody connects to this port: then a refusal is no answer of the destination's */
function cellSign({ icmp, tcp, udp, full }: MatrixCell, connects: boolean): Sign {
  const isLost = (probe: MatrixProbe | undefined): boolean => probe?.outcome === 'lost';
  const noTcp = isLost(tcp) || (connects && tcp?.outcome === 'refused');
  const basic = [icmp, tcp, udp].filter((probe) => probe !== undefined && probe.outcome !== 'unmeasured');
  if (basic.length === 0) return '?';
  if ([isLost(icmp), noTcp, isLost(udp)].filter((bad) => bad).length === basic.length) return '×';
  if (noTcp) return 'T';
  if (isLost(udp)) return 'U';
  if (isLost(full)) return 'S';
  if (isLost(icmp)) return 'I';
  if (icmp?.outcome === 'lossy') return '~';
  return [icmp, tcp, udp, full].some((probe) => probe?.outcome === 'unmeasured') ? '?' : '·';
}

/** What was not measured, each reason once, in the words of people. */
export function gapsOf({ sources, destinations, cells }: MatrixReport): string[] {
  const names = { icmp: 'echo requests', tcp: 'TCP', udp: 'UDP', full: 'full-size packets' } as const;
  const byReason = new Map<string, number>();
  for (const cell of cells)
    for (const name of Object.keys(names) as (keyof typeof names)[]) {
      const probe = cell[name];
      if (probe?.outcome !== 'unmeasured') continue;
      const key = `${names[name]}: ${probe.reason ?? 'no reason given'}`;
      byReason.set(key, (byReason.get(key) ?? 0) + 1);
    }
  return [
    ...sources.flatMap((one) => (one.failed === undefined ? [] : [`from ${one.target}: ${one.failed}`])),
    ...destinations.flatMap((one) => (one.gone === undefined ? [] : [`to ${one.target}: ${one.gone}`])),
    ...[...byReason].map(([text, count]) => `${text} (${count} pair${count === 1 ? '' : 's'})`),
  ];
}

/** "30 pairs of 6 sources and 6 destinations", and how they were chosen where they are not all. */
export function pairsText({ sources, destinations, pairs: { asked, possible } }: MatrixReport): string {
  const count = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;
  const sides = `${count(sources.length, 'source')} and ${count(destinations.length, 'destination')}`;
  return asked === possible
    ? `${count(asked, 'pair')} of ${sides}`
    : `${asked} of ${possible} pairs of ${sides}, a sample that is spread evenly over both (--max-pairs)`;
}

/** "echo in 0.2 ms (median), at most 3.1 ms: pod/a → pod/b"; empty where nothing was answered. */
export function timesText({ sources, destinations, cells }: MatrixReport): string {
  const times = cells
    .flatMap(({ source, destination, icmp, tcp }) => {
      const ms = icmp === undefined ? tcp?.ms : icmp.ms;
      return ms === undefined ? [] : [{ ms, source, destination }];
    })
    .sort((a, b) => a.ms - b.ms);
  const [median, slowest] = [times[Math.floor((times.length - 1) / 2)], times.at(-1)];
  if (median === undefined || slowest === undefined) return '';
  const pair = `${sources[slowest.source]?.target} → ${destinations[slowest.destination]?.target}`;
  return `fastest answers: ${msText(median.ms)} in the median, ${msText(slowest.ms)} at most (${pair})`;
}

export function msText(ms: number): string {
  return `${ms < 10 ? ms.toFixed(2) : ms < 100 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

/** Whether both are the same places in the same order. */
export function areSame(a: readonly MatrixPlace[], b: readonly MatrixPlace[]): boolean {
  return a.length === b.length && a.every((place, i) => placeKey(place) === placeKey(b[i] as MatrixPlace));
}
