/** Parses the output of src/probes/tcp-connect.bash. Pure. */

/** One try to connect. Time in milliseconds. */
export interface ConnectTry {
  /** Without the time in which the probe itself had no CPU; what it could not see meanwhile is not guessed. */
  readonly ms: number;
  /**
   * `refused` is an answer of the far side, and so times the way too. `unanswered`: ended with no word. `unresolved`:
   * the name failed, and nothing is known of the way.
   */
  readonly outcome: 'connected' | 'refused' | 'error' | 'unanswered' | 'unresolved';
  /** The system's own text of an error, such as `No route to host`. */
  readonly error?: string;
}

/** By which neighbour on the link a connection went. */
export interface ConnectWay {
  readonly isAnswered: boolean;
  readonly hop: string;
  readonly device: string;
}

/** All tries to one destination. */
export interface ConnectSeries {
  /** The address that the name was resolved to; `undefined`: it did not resolve. */
  readonly address: string | undefined;
  readonly tries: readonly ConnectTry[];
  /** Of some more connections, made where some were lost and others not; absent: not asked for, or not allowed. */
  readonly ways?: readonly ConnectWay[];
}

/** What getaddrinfo says, of glibc and of musl, where bash has to resolve the name itself. */
const UNRESOLVED =
  /^(Name or service not known|No address associated with hostname|Temporary failure in name resolution|Name does not resolve|Try again)$/;

/**
 * @param stdout what the script printed, cut anywhere when it was ended by its time limit
 * @param limitMs for a try that was still open then
 */
export function parseConnects(stdout: string, limitMs: number): ConnectSeries {
  const tries: Timed[] = [];
  const ways: ConnectWay[] = [];
  let address: string | undefined;
  let open = false;
  let said = '';
  // What has no line end was cut off, and may be half a number.
  for (const line of stdout.split('\n').slice(0, -1)) {
    const [word = '', value = '', unscheduled = '0'] = line.split(' ');
    const ms = /^\d+$/.test(value) ? Number(value) / 1000 : undefined;
    const waitedMs = /^\d+$/.test(unscheduled) ? Number(unscheduled) / 1000 : 0;
    if (word === 'address') address = value;
    else if (word === 'way') ways.push(...wayOf(line));
    else if (word === 'try') {
      open = true;
      said = '';
    } else if (word === 'ok' && open && ms !== undefined) {
      tries.push({ ms, outcome: 'connected', waitedMs });
      open = false;
    } else if (word === 'failed' && open && ms !== undefined) {
      tries.push({ ...failedTry(ms, said), waitedMs });
      open = false;
    } else if (open && line !== '') said = said === '' ? line : said;
  }
  if (open) tries.push({ ms: limitMs, outcome: 'unanswered', waitedMs: 0 });
  return { address, tries: withoutWaits(tries), ...(ways.length === 0 ? {} : { ways }) };
}

function wayOf(line: string): ConnectWay[] {
  const [, outcome, hop, device] = /^way (silent|answered) (\S+) (\S+)$/.exec(line) ?? [];
  return hop === undefined || device === undefined
    ? []
    : [{ isAnswered: outcome === 'answered', hop, device }];
}

interface Timed extends ConnectTry {
  readonly waitedMs: number;
}

/**
 * A busy node must not pass for a slow network: the time without a CPU is taken off. The answer may have come in that
 * very time, so what is left is never called faster than the fastest try that did not wait.
 */
function withoutWaits(tries: readonly Timed[]): ConnectTry[] {
  const undisturbed = tries.filter((t) => t.waitedMs === 0).map((t) => t.ms);
  const fastest = undisturbed.length > 0 ? undisturbed.reduce((a, b) => Math.min(a, b)) : 0;
  return tries.map(({ waitedMs, ...rest }) => ({
    ...rest,
    ms: waitedMs === 0 ? rest.ms : Math.min(rest.ms, Math.max(rest.ms - waitedMs, fastest)),
  }));
}

function failedTry(ms: number, said: string): ConnectTry {
  const error = said.split(': ').at(-1)?.trim() ?? '';
  if (error === 'Connection refused') return { ms, outcome: 'refused' };
  if (error === 'Connection timed out') return { ms, outcome: 'unanswered', error };
  if (UNRESOLVED.test(error)) return { ms, outcome: 'unresolved', error };
  return { ms, outcome: 'error', error: error || 'no reason given' };
}
