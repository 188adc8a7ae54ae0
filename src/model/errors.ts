import type { Advice } from './advice.ts';

/** Exit codes with a meaning of their own; see "Exit" in the README. */
export type UserErrorExitCode = 2 | 3;

interface UserErrorOptions {
  /** What to do about it: one sentence, printed on a line of its own. */
  readonly hint?: Advice;
  readonly cause?: unknown;
  /** Rights are missing: until somebody gives them, another try ends alike. */
  readonly lacksRights?: boolean;
  /** Of a limit that has passed: the same error where somebody knows better what was waited for. */
  readonly waitingFor?: (what: string) => UserError;
}

const brand = Symbol.for('kubectl-nettools.UserError');

/** The reason of a signal; a limit says what it had waited for, as `an answer from the API server`. */
export function abortReason(signal: AbortSignal, waitedFor: string): unknown {
  const reason: unknown = signal.reason;
  return reason instanceof UserError ? (reason.waitingFor?.(waitedFor) ?? reason) : reason;
}

/**
 * An error that tells the user something: one sentence, no stack trace.
 * Exit code 2 is wrong usage, 3 is "could not measure" (no such target, no rights, no connection, a time-out).
 */
export class UserError extends Error {
  readonly exitCode: UserErrorExitCode;
  readonly hint: Advice | undefined;
  readonly lacksRights: boolean;
  readonly waitingFor: ((what: string) => UserError) | undefined;
  readonly [brand] = true;

  constructor(message: string, exitCode: UserErrorExitCode, options: UserErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'UserError';
    this.exitCode = exitCode;
    this.hint = options.hint;
    this.lacksRights = options.lacksRights ?? false;
    this.waitingFor = options.waitingFor;
  }

  // The binary is several bundles, each with its own copy of this class: the brand tells, not the constructor.
  static override [Symbol.hasInstance](value: unknown): boolean {
    return this === UserError
      ? typeof value === 'object' && value !== null && brand in value
      : super[Symbol.hasInstance](value);
  }
}
