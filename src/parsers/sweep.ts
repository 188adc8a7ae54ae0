/** Parses what the sweep probe prints (image/prober/reach.c, src/probes/sweep.bash). Pure. */

/** What became of one connection to one endpoint. */
export interface SweptEndpoint {
  readonly outcome: 'connected' | 'refused' | 'silent' | 'failed';
  /** Until the answer, or until it was given up. */
  readonly ms: number;
  /** The system's own text of an error. */
  readonly error?: string;
  /** As it was printed. */
  readonly line: string;
}

const LINE = /^endpoint (\S+) (\d+) (connected|refused|silent|failed) (\d+)(?: (.+))?$/;

/** The key of {@link parseSweep}. */
export function endpointKey(address: string, port: number | string): string {
  return `${address} ${port}`;
}

/** Those that were tried, by {@link endpointKey}; fewer than were asked for when the probe was ended before. */
export function parseSweep(stdout: string): ReadonlyMap<string, SweptEndpoint> {
  const found = new Map<string, SweptEndpoint>();
  for (const line of stdout.split('\n')) {
    const [, address = '', port = '', outcome, us, error] = LINE.exec(line) ?? [];
    if (outcome === undefined) continue;
    found.set(endpointKey(address, port), {
      outcome: outcome as SweptEndpoint['outcome'],
      ms: Number(us) / 1000,
      ...(error === undefined ? {} : { error }),
      line,
    });
  }
  return found;
}
