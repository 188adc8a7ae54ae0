/** One time limit for all that a command waits for. */
import { monotonicMs } from '../kube/clock.ts';
import type { SessionFlags } from '../model/args.ts';
import { UserError } from '../model/errors.ts';
import type { Progress } from '../model/progress.ts';

/** The longest that a timer takes, 24 days; a longer one would be over at once. */
export const LONGEST_MS = 2 ** 31 - 1;

/** How long a command may take to put things back once its time is up, in ms: what does so has limits of its own. */
const CLEAN_UP_MS = 30_000;

/** When it is over, its signal aborts with a {@link UserError} (exit 3) that says what was waited for. */
export class Deadline<Shown extends Progress = Progress> {
  /** Aborts with the command's own signal too. */
  readonly signal: AbortSignal;
  /** What it shows last is what was waited for. */
  readonly progress: Shown;
  readonly #over = new AbortController();
  readonly #overdue = Promise.withResolvers<never>();
  readonly #usualMs: number;
  readonly #isFixed: boolean;
  #timer: NodeJS.Timeout | undefined;
  #endsAt = 0;
  #stage = 'looking for the target';

  /** Begins at once. @param flags a limit that the user has set is one for all; the usual one can be extended */
  constructor(
    { timeoutMs, limitMs }: Pick<SessionFlags, 'timeoutMs' | 'limitMs'>,
    signal: AbortSignal,
    progress: Shown,
  ) {
    this.signal = AbortSignal.any([signal, this.#over.signal]);
    this.#usualMs = timeoutMs;
    this.#isFixed = limitMs !== undefined;
    this.progress = {
      ...progress,
      show: (text) => {
        this.#stage = text;
        progress.show(text);
      },
    };
    this.#begin(limitMs ?? timeoutMs);
  }

  /** Rejects when the time is up, and that for putting things back too. */
  get overdue(): Promise<never> {
    return this.#overdue.promise;
  }

  /** The rest of it, in ms. */
  get leftMs(): number {
    return Math.max(0, this.#endsAt - monotonicMs());
  }

  /** What comes now is known to take up to so long, in ms, when nothing is wrong; a limit that the user has set stays. */
  allow(ms: number): void {
    if (!this.#isFixed) this.#begin(this.#usualMs + ms);
  }

  /** What was waited for is there: no limit from here on. */
  lift(): void {
    clearTimeout(this.#timer);
    this.#endsAt = Number.POSITIVE_INFINITY;
  }

  #begin(ms: number): void {
    clearTimeout(this.#timer);
    this.#endsAt = monotonicMs() + ms;
    this.#timer = setTimeout(() => this.#end(ms), Math.min(ms, LONGEST_MS));
  }

  #end(ms: number): void {
    const tooLate = (stage: string, rest = ''): UserError =>
      new UserError(`time is up after ${ms / 1000} s: still ${stage}${rest}.`, 3, {
        hint: 'If it is slow rather than stuck, set a longer --timeout.',
        waitingFor: (what) => tooLate(`${stage}, waiting for ${what}`),
      });
    this.#over.abort(tooLate(this.#stage));
    this.#timer = setTimeout(() => {
      const left =
        'a pod or container of this command may be left behind; it ends by itself ("kubectl nettools sessions ls" shows it)';
      this.#overdue.reject(
        tooLate(this.#stage, `; cleaning up took more than ${CLEAN_UP_MS / 1000} s, so ${left}`),
      );
    }, CLEAN_UP_MS);
  }
}

/** Runs `work` under the limit that the flags say. */
export async function withDeadline<T, Shown extends Progress = Progress>(
  flags: Pick<SessionFlags, 'timeoutMs' | 'limitMs'>,
  signal: AbortSignal,
  progress: Shown,
  work: (deadline: Deadline<Shown>) => Promise<T>,
): Promise<T> {
  const deadline = new Deadline(flags, signal, progress);
  try {
    return await Promise.race([work(deadline), deadline.overdue]);
  } finally {
    deadline.lift();
  }
}
