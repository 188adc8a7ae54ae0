/** One test from one source to one destination, and what there is to answer it by. Pure. */
import type { Expectation, TestAssertion, TestOutcome } from '../model/network-test.ts';
import type { Report } from '../model/report.ts';

export interface Question {
  readonly expect: Expectation;
  /** Of the destinations that DEST was resolved to: a Service's address and each endpoint. Empty for a name. */
  readonly labels: readonly string[];
  readonly dns?: string;
  readonly isUrl: boolean;
  /** Of all destinations that the source has, whoever asked for them. */
  readonly allLabels: readonly string[];
}

/** Reports of the source. */
export interface Seen {
  readonly report: Report;
  /** Of the look-up of names that had no room in the first. */
  readonly names?: readonly Report[];
  /** Of the load, which runs alone. */
  readonly throughput?: Report;
}

/** Where a server has to listen for a denial to mean anything. */
export interface Listener {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
}

export function listenerKey({ protocol, address, port }: Listener): string {
  return JSON.stringify([protocol, address, port]);
}

/** Who else has tried to reach listeners, by {@link listenerKey}. */
export interface Witnesses {
  /** Who has reached it. */
  readonly reached: ReadonlyMap<string, string>;
  /** Why nobody could say: words that end a sentence. */
  readonly unreached: ReadonlyMap<string, string>;
}

/** The worst of several, and `met` of none. */
export function worst(outcomes: readonly TestOutcome[]): TestOutcome {
  const order: readonly TestOutcome[] = ['failed', 'notProven', 'unknown', 'met'];
  return order.find((one) => outcomes.includes(one)) ?? 'met';
}

export function assertion(key: string, expected: string, outcome: TestOutcome, seen: string): TestAssertion {
  return { key, expected, seen, outcome };
}

/** `12.3 ms`, `1.20 s` */
export function msText(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return ms >= 100 || Number.isInteger(ms) ? `${ms.toFixed(0)} ms` : `${ms.toFixed(1)} ms`;
}
