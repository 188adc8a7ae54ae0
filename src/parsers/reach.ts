/** Parses the output of src/probes/reach.bash. Pure. */

/** An ICMP or ICMPv6 error; of which family its sender's address tells. */
export interface IcmpAnswer {
  readonly type: number;
  readonly code: number;
  readonly sender: string;
}

/** One try. Time in milliseconds. */
export interface ReachTry {
  readonly ms: number;
  /**
   * `connected`: TCP. `answered`: a datagram came back. `silent`: none did within a second. `unanswered`: the time was
   * up. `failed`: `error` says why.
   */
  readonly outcome: 'connected' | 'answered' | 'silent' | 'unanswered' | 'failed';
  /** The system's own text of an error, such as `No route to host`. */
  readonly error?: string;
  /**
   * Of one over TCP that failed: the ICMP error that ended it, as the kernel gives it to the socket (IP_RECVERR of ip(7)), or
   * `none`; absent where that was not asked, or the kernel does not tell.
   */
  readonly icmp?: IcmpAnswer | 'none';
  /** Of one that connected: how the far side ended it, before anybody had sent a byte. */
  readonly ended?: 'reset' | 'closed';
}

/** What happened to the connections to one destination. */
export interface Reach {
  /** The address that the name was resolved to, or the name where nothing on the target could tell. */
  readonly address: string | undefined;
  /** Why the name did not resolve. */
  readonly unresolved: string | undefined;
  /** What `ip` says of the way there, each line as it was printed. */
  readonly routes: readonly string[];
  readonly tries: readonly ReachTry[];
  /** Of what was sent after a connect, the first byte was a segment of its own. */
  readonly isFirstAlone?: true;
}

/** Endings of a try, and what they are called here. */
const ENDINGS: Readonly<Record<string, ReachTry['outcome']>> = {
  ok: 'connected',
  answered: 'answered',
  silent: 'silent',
  failed: 'failed',
};

/** What getaddrinfo says, of glibc and of musl. */
const UNRESOLVED =
  /: (Name or service not known|No address associated with hostname|Temporary failure in name resolution|Name does not resolve|Try again)$/;

/**
 * @param stdout what the script printed, cut anywhere when it was ended by its time limit
 * @param limitMs how long the script ran, for a try that was still open then
 */
export function parseReach(stdout: string, limitMs: number): Reach {
  const routes: string[] = [];
  const tries: ReachTry[] = [];
  let address: string | undefined;
  let unresolved: string | undefined;
  let said: string | undefined;
  let icmp: ReachTry['icmp'];
  let isFirstAlone = false;
  let open = false;
  let openedMs = 0;
  for (const line of stdout.split('\n').slice(0, -1)) {
    const [word = '', value = ''] = line.split(' ');
    const outcome = ENDINGS[word];
    if (word === 'unresolved') unresolved = 'the name does not resolve on the target';
    else if (word === 'address') address = value;
    else if (word === 'route') routes.push(line.slice('route '.length).trim());
    else if (word === 'try') {
      open = true;
      openedMs = Number(value) / 1000;
      said = undefined;
      icmp = undefined;
    } else if (open && outcome !== undefined && /^\d+$/.test(value)) {
      const ms = Number(value) / 1000;
      tries.push(outcome === 'failed' ? failedTry(ms, icmp, said) : { ms, outcome });
      open = false;
    } else if (!open && line === 'first 1') {
      isFirstAlone = true;
    } else if (word === 'ended' && (value === 'reset' || value === 'closed')) {
      const last = tries.pop();
      if (last !== undefined) tries.push({ ...last, ended: value });
    } else if (open && word === 'icmp') {
      icmp = icmpAnswer(line);
    } else if (open) {
      const name = UNRESOLVED.exec(line)?.[1];
      if (name !== undefined) unresolved = `the name does not resolve on the target (${name})`;
      // The first line is connect()'s own; bash repeats it for the redirection.
      said ??= line.split(': ').at(-1)?.trim();
    }
  }
  if (open) tries.push({ ms: Math.max(0, limitMs - openedMs), outcome: 'unanswered' });
  return { address, unresolved, routes, tries, ...(isFirstAlone ? { isFirstAlone } : {}) };
}

/**
 * A reset that answers a SYN is "refused"; that of a connection which stood already, and ended before connect() returned,
 * is this one (tcp_reset, net/ipv4/tcp_input.c).
 */
function failedTry(ms: number, icmp: ReachTry['icmp'], error = 'no reason given'): ReachTry {
  return error === 'Connection reset by peer'
    ? { ms, outcome: 'connected', ended: 'reset' }
    : { ms, outcome: 'failed', error, ...(icmp !== undefined && { icmp }) };
}

function icmpAnswer(line: string): ReachTry['icmp'] {
  if (line === 'icmp none') return 'none';
  const [, type, code, sender] = /^icmp type (\d+) code (\d+) from ([0-9a-f.:]+)$/.exec(line) ?? [];
  return sender === undefined ? undefined : { type: Number(type), code: Number(code), sender };
}

/** Where a packet goes next. */
export interface NextHop {
  /** The neighbour that gets it: the gateway, or the destination itself on its own link. */
  readonly neighbour: string;
  readonly viaGateway: boolean;
  readonly device: string;
  readonly source: string | undefined;
}

/** Out of {@link Reach.routes}; `undefined` where no route leads there. */
export function nextHop(routes: readonly string[]): NextHop | undefined {
  for (const line of routes) {
    const found =
      /^(?:local )?([0-9a-f.:]+)(?: from \S+)?(?: via (?:inet6? )?([0-9a-f.:]+))? dev (\S+)(?:.*? src ([0-9a-f.:]+))?/i.exec(
        line,
      );
    const [, destination, gateway, device] = found ?? [];
    if (destination === undefined || device === undefined) continue;
    return {
      neighbour: gateway ?? destination,
      viaGateway: gateway !== undefined,
      device,
      source: found?.[4],
    };
  }
  return undefined;
}
