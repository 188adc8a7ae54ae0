import { UserError } from './errors.ts';

/**
 * Wrong usage, in one sentence.
 * @param message without a full stop
 * @param hint what was most likely meant: a sentence of its own
 */
export function usageError(message: string, hint?: string): UserError {
  return new UserError(`${message}.`, 2, hint === undefined ? {} : { hint });
}
