/** Parses the output of src/probes/other-ways.bash. Pure. */

/** An interface besides the one that is used, to which a route to the destination leads too. */
export interface OtherWay {
  readonly device: string;
  /** As `ip` has it: `default via 192.0.2.1 dev eth0 metric 100`. */
  readonly route: string;
  /**
   * What a connection that was bound to it came to: `echo` is an answer to an echo request, where none could be bound;
   * absent: it was not tried.
   */
  readonly outcome?: 'connected' | 'refused' | 'echo' | 'silent' | 'failed';
  /** Why it failed. */
  readonly error?: string;
}

export interface OtherWays {
  /** The interface that is used, and the route that leads to it. */
  readonly won?: Pick<OtherWay, 'device' | 'route'>;
  readonly others: readonly OtherWay[];
  /** A connection that nothing was bound for was answered; absent: it was not tried. */
  readonly answers?: boolean;
}

const OUTCOMES: Readonly<Record<string, NonNullable<OtherWay['outcome']>>> = {
  ok: 'connected',
  refused: 'refused',
  echo: 'echo',
  silent: 'silent',
  failed: 'failed',
};

/** @returns `undefined` where the script did not come to the routes */
export function parseOtherWays(stdout: string): OtherWays | undefined {
  let others: OtherWay[] = [];
  let won: OtherWays['won'];
  let answers: boolean | undefined;
  for (const line of stdout.split('\n').slice(0, -1)) {
    const [word, device = '', outcome = '', ...rest] = line.trim().split(/\s+/);
    const route = (): string => line.split(/\s+/).slice(2).join(' ').trim();
    if (word === 'other') others.push({ device, route: route() });
    else if (word === 'won') won = { device, route: route() };
    else if (word === 'plain') answers = device === 'answers';
    else if (word === 'by') {
      const known = OUTCOMES[outcome];
      if (known === undefined) continue;
      const part = { outcome: known, ...(known === 'failed' ? { error: rest.join(' ') } : {}) };
      others = others.map((one) => (one.device === device ? { ...one, ...part } : one));
    }
  }
  if (!/^address /m.test(stdout)) return undefined;
  return { others, ...(won === undefined ? {} : { won }), ...(answers === undefined ? {} : { answers }) };
}
