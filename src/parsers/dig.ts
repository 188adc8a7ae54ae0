/**
 * Parses dig's text. Its YAML has one DIG_ERROR for a time-out and for a refusal, the text tells them apart; and
 * REFUSED and NXDOMAIN exit with 0. Pure.
 */

/**
 * How a query ended. `refused`: ICMP port unreachable, or a TCP reset. `unreachable`: an error of the network or of
 * this host's own stack. `failed`: anything else, such as a name that is none.
 */
export type DigOutcome = 'answered' | 'timeout' | 'refused' | 'unreachable' | 'failed';

/** One query. */
export interface DigAnswer {
  readonly outcome: DigOutcome;
  /** `NOERROR`, `NXDOMAIN`, `SERVFAIL`, …; absent without an answer. */
  readonly rcode?: string;
  /** The answer was cut (TC): the rest is to be asked for by TCP. */
  readonly truncated: boolean;
  /** Addresses in the answer section. */
  readonly addresses: readonly string[];
  /** Records in the answer section, as the header counts them. */
  readonly records: number;
  /** How long the try that was answered took. */
  readonly ms?: number;
  /** Tries that got no answer. */
  readonly lost: number;
  /** The tool's own words for what went wrong last. */
  readonly error?: string;
}

const ERROR =
  /^;; (?:communications error to \S+: |Connection to \S+ for \S+ failed: |UDP setup with \S+ for \S+ failed: |connection )(.+?)\.?$/;

/** The answers of one run of dig in the order of its questions; fewer than `questions` when it was ended before. */
export function parseDig(text: string, questions: number): DigAnswer[] {
  const blocks: string[][] = [];
  let block: string[] = [];
  for (const line of text.split('\n')) {
    block.push(line);
    if (/^;; (MSG SIZE|no servers could be reached|connection timed out; no servers)/.test(line)) {
      blocks.push(block);
      block = [];
    }
  }
  const rest = block.filter((line) => line.trim() !== '');
  if (blocks.length < questions && rest.length > 0) blocks.push(rest);
  return blocks.slice(0, questions).map(parseBlock);
}

function parseBlock(lines: readonly string[]): DigAnswer {
  const text = lines.join('\n');
  const errors = lines.flatMap((line) => ERROR.exec(line)?.[1] ?? []);
  const rcode = /^;; ->>HEADER<<- .*\bstatus: ([A-Z0-9]+)/m.exec(text)?.[1];
  const time = /^;; Query time: (\d+) (msec|usec)/m.exec(text);
  const error = errors.at(-1) ?? lines.find((line) => line.startsWith('dig: '))?.slice('dig: '.length);
  if (rcode === undefined || time === null) {
    return {
      outcome: outcomeOf(error),
      truncated: false,
      addresses: [],
      records: 0,
      lost: errors.length,
      ...(error === undefined ? {} : { error }),
    };
  }
  return {
    outcome: 'answered',
    rcode,
    truncated: / tc\b/.test(/^;; flags:([^;]*)/m.exec(text)?.[1] ?? ''),
    addresses: lines.flatMap((line) => /^[^;\s]\S*\s+\d+\s+IN\s+(?:A|AAAA)\s+(\S+)$/.exec(line)?.[1] ?? []),
    records: Number(/^;; flags:.*\bANSWER: (\d+)/m.exec(text)?.[1] ?? 0),
    ms: Number(time[1]) / (time[2] === 'usec' ? 1000 : 1),
    lost: errors.length,
    ...(error === undefined ? {} : { error }),
  };
}

function outcomeOf(error: string | undefined): DigOutcome {
  if (error === undefined) return 'failed';
  if (/timed out/.test(error)) return 'timeout';
  if (/refused/.test(error)) return 'refused';
  return /unreachable|permi|prohibited|no route/i.test(error) ? 'unreachable' : 'failed';
}
