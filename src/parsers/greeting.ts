/** Parses the output of src/probes/greeting.bash. Pure. */

/** What came of one connection on which nothing was sent. Times in milliseconds. */
export interface Greeted {
  /** Until it was connected; absent: it was not. */
  readonly connectMs?: number;
  /** What happened first, and when since it was connected; absent: it is not known. */
  readonly outcome?: 'first' | 'closed' | 'silent';
  readonly ms?: number;
}

/** The connection, and another one as a user whom redirecting rules spare. */
export interface Greeting extends Greeted {
  readonly around?: Greeted & { readonly uid: number };
}

const OUTCOMES = ['first', 'closed', 'silent'] as const;

/** @returns `undefined` where the script did not come to a connection */
export function parseGreeting(stdout: string): Greeting | undefined {
  const lines = stdout.split('\n').slice(0, -1);
  const own = greetedOf(lines);
  const uid = /^user (\d+)$/m.exec(stdout)?.[1];
  const around = greetedOf(
    lines.flatMap((line) => (line.startsWith('around ') ? [line.slice('around '.length)] : [])),
  );
  if (!lines.some((line) => /^(ok|failed) \d+$/.test(line))) return undefined;
  return { ...own, ...(uid === undefined ? {} : { around: { ...around, uid: Number(uid) } }) };
}

function greetedOf(lines: readonly string[]): Greeted {
  let greeted: Greeted = {};
  for (const line of lines) {
    const [, word, us] = /^(ok|first|closed|silent) (\d+)$/.exec(line) ?? [];
    const outcome = OUTCOMES.find((one) => one === word);
    if (word === 'ok') greeted = { connectMs: Number(us) / 1000 };
    else if (outcome !== undefined) greeted = { ...greeted, outcome, ms: Number(us) / 1000 };
  }
  return greeted;
}
