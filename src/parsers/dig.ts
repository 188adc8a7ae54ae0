/**
 * Parses dig's text. Its YAML has one DIG_ERROR for a time-out and for a refusal, the text tells them apart; and
 * REFUSED and NXDOMAIN exit with 0. Pure.
 */

/**
 * How a query ended. `garbled`: something came that is not an answer to it, so that a resolver waits on or gives up.
 * `refused`: ICMP port unreachable, or a TCP reset. `unreachable`: an error of the network or of this host's own stack.
 * `failed`: anything else, such as a name that is none.
 */
export type DigOutcome = 'answered' | 'garbled' | 'timeout' | 'refused' | 'unreachable' | 'failed';

/** One query. */
export interface DigAnswer {
  readonly outcome: DigOutcome;
  /** `NOERROR`, `NXDOMAIN`, `SERVFAIL`, …; absent without an answer. */
  readonly rcode?: string;
  /** The answer was cut (TC): the rest is to be asked for by TCP. */
  readonly truncated: boolean;
  /** Addresses in the answer section. */
  readonly addresses: readonly string[];
  /** The aliases of the answer section lead back to where they began. */
  readonly loops: boolean;
  /** Owners of the address records, where neither the question nor an alias of the answer names any of them; else absent. */
  readonly astray?: readonly string[];
  /** Records in the answer section, as the header counts them. */
  readonly records: number;
  /** How long the try that was answered took. */
  readonly ms?: number;
  /** Tries that got no answer. */
  readonly lost: number;
  /** Where packets came from that is not where the query went, as `ADDRESS#PORT`; absent: nobody was seen. */
  readonly strangers?: readonly string[];
  /** The tool's own words for what went wrong last. */
  readonly error?: string;
}

const ERROR =
  /^;; (?:communications error to \S+: |Connection to \S+ for \S+ failed: |UDP setup with \S+ for \S+ failed: |connection )(.+?)\.?$/;

/** dig before 9.20 and the prober say so; a later dig has a connected socket, which never sees such packets. */
const STRANGER = /^;; reply from unexpected source: (\S+#\d+), expected /;

/** The answers of one run of dig in the order of its questions; fewer than `questions` when it was ended before. */
export function parseDig(text: string, questions: number): DigAnswer[] {
  const blocks: string[][] = [];
  let block: string[] = [];
  let isDump = false;
  for (const line of text.split('\n')) {
    // The bytes of a bad packet follow it, at the end of what is said of the question.
    if (isDump && /^(\d+ bytes$|[0-9a-f]{2}\s|\s*$)/.test(line)) continue;
    isDump = /^;; Got bad packet: /.test(line);
    block.push(line);
    if (isDump || /^;; (MSG SIZE|no servers could be reached|connection timed out; no servers)/.test(line)) {
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
  const garbled = garbledBy(text);
  const said = garbled ?? error;
  const sources = lines.flatMap((line) => STRANGER.exec(line)?.[1] ?? []);
  const seen = sources.length === 0 ? {} : { strangers: [...new Set(sources)] };
  if (rcode === undefined || time === null || garbled !== undefined) {
    return {
      outcome: garbled === undefined ? outcomeOf(error) : 'garbled',
      truncated: false,
      addresses: [],
      loops: false,
      records: 0,
      lost: garbled === undefined ? errors.length : 0,
      ...(said === undefined ? {} : { error: said }),
      ...seen,
    };
  }
  return {
    outcome: 'answered',
    rcode,
    truncated: / tc\b/.test(/^;; flags:([^;]*)/m.exec(text)?.[1] ?? ''),
    addresses: answerOf(lines).flatMap(
      (line) => /^[^;\s]\S*\s+\d+\s+IN\s+(?:A|AAAA)\s+(\S+)$/.exec(line)?.[1] ?? [],
    ),
    ...astrayPart(answerOf(lines)),
    loops: isLoop(lines),
    records: Number(/^;; flags:.*\bANSWER: (\d+)/m.exec(text)?.[1] ?? 0),
    ms: Number(time[1]) / (time[2] === 'usec' ? 1000 : 1),
    lost: errors.length,
    ...(error === undefined ? {} : { error }),
    ...seen,
  };
}

/** Without the further sections: the addresses of name servers stand there (BIND: minimal-responses no; referrals). */
function answerOf(lines: readonly string[]): readonly string[] {
  const end = lines.findIndex((line) => /^;; (AUTHORITY|ADDITIONAL) SECTION:/.test(line));
  return end < 0 ? lines : lines.slice(0, end);
}

/** What dig says of packets that are not answer, in words that follow "an answer that is"; `undefined`: of none. */
function garbledBy(text: string): string | undefined {
  const bad = /^;; Got bad packet: (.+)$/m.exec(text)?.[1];
  if (bad !== undefined) return `not a DNS message (${bad})`;
  if (/^;; Warning: Message parser reports malformed message packet/m.test(text)) return 'malformed';
  if (/^;; Warning: query response not set/m.test(text)) return 'the question itself';
  // dig waits on for the real one; one that came all the same counts.
  if (/^;; Query time: /m.test(text)) return undefined;
  if (/^;; Warning: short \(< header size\) message received/m.test(text))
    return 'too short for a DNS message';
  if (/^;; Warning: ID mismatch/m.test(text)) return 'for another question (ID mismatch)';
  return /^;; (;; )?Question section mismatch/m.test(text) ? 'for another question' : undefined;
}

/** The aliases of an answer, in lower case. */
function aliasesOf(lines: readonly string[]): Map<string, string> {
  return new Map(
    lines.flatMap((line): [string, string][] => {
      const [, owner, target] = /^([^;\s]\S*)\s+\d+\s+IN\s+CNAME\s+(\S+)$/.exec(line) ?? [];
      return owner === undefined || target === undefined ? [] : [[owner.toLowerCase(), target.toLowerCase()]];
    }),
  );
}

/** Whose addresses they are, where neither the question nor one of its aliases is so called. */
function astrayPart(lines: readonly string[]): { astray?: readonly string[] } {
  const asked = lines.flatMap((line) => /^;(\S+)\s+IN\s+(?:A|AAAA)\s*$/.exec(line)?.[1] ?? [])[0];
  if (asked === undefined) return {};
  const aliases = aliasesOf(lines);
  const named = new Set<string>();
  for (let at: string | undefined = asked.toLowerCase(); at !== undefined; at = aliases.get(at)) {
    if (named.has(at)) break;
    named.add(at);
  }
  const owners = lines.flatMap((line) => /^([^;\s]\S*)\s+\d+\s+IN\s+(?:A|AAAA)\s+\S+$/.exec(line)?.[1] ?? []);
  const astray = [...new Set(owners)].filter((owner) => !named.has(owner.toLowerCase()));
  return astray.length === 0 || astray.length < new Set(owners).size ? {} : { astray };
}

/** Whether aliases of an answer form a circle. */
function isLoop(lines: readonly string[]): boolean {
  const aliases = aliasesOf(lines);
  return [...aliases.keys()].some((owner) => {
    const seen = new Set<string>();
    for (let at: string | undefined = owner; at !== undefined; at = aliases.get(at)) {
      if (seen.has(at)) return true;
      seen.add(at);
    }
    return false;
  });
}

function outcomeOf(error: string | undefined): DigOutcome {
  if (error === undefined) return 'failed';
  if (/timed out/.test(error)) return 'timeout';
  if (/refused/.test(error)) return 'refused';
  // EINVAL and EADDRNOTAVAIL: of an address that nothing can be sent to, as 0.0.0.1 or fe80::1 without its interface.
  return /unreachable|permi|prohibited|no route|invalid argument|cannot assign/i.test(error)
    ? 'unreachable'
    : 'failed';
}
