/** Parses the output of src/probes/resting.bash. Pure. */
import type { Reason } from '../model/reason.ts';

/** What became of a connection that was left at rest after one request. */
export interface Resting {
  /** The HTTP status of the answer. */
  readonly status: number;
  /** The server said that the connection ends with the answer: by its header, or by HTTP/1.0 without one. */
  readonly isAnnounced: boolean;
  /** The server ended it, or it was there at the end of the time. */
  readonly outcome: 'ended' | 'kept';
  /** How long it rested until then. */
  readonly ms: number;
}

/** A reason, or a text that is one: why it is not known. */
export function parseResting(stdout: string): Resting | Reason | string {
  if (/^no-openssl$/m.test(stdout)) return { code: 'no-tool', text: 'openssl' };
  if (!/^connected$/m.test(stdout)) return 'no connection';
  const [, version = '', code] = /^status (\d\S*) (\d{3})$/m.exec(lastAnswer(stdout)) ?? [];
  if (code === undefined) return 'the server did not answer the request';
  const [, outcome, us] = /^(ended|kept) (\d+)$/m.exec(stdout) ?? [];
  if (outcome === undefined) return 'the wait for its end did not come to an end itself';
  const said = /^connection\s+(.*)$/m.exec(lastAnswer(stdout))?.[1]?.toLowerCase() ?? '';
  return {
    status: Number(code),
    isAnnounced: /\bclose\b/.test(said) || (version === '1.0' && !/\bkeep-alive\b/.test(said)),
    outcome: outcome === 'ended' ? 'ended' : 'kept',
    ms: Number(us) / 1000,
  };
}

/** Beginning with its status; before it there may be some that only said that another follows. */
function lastAnswer(stdout: string): string {
  return stdout.slice(Math.max(0, stdout.lastIndexOf('\nstatus ')));
}
