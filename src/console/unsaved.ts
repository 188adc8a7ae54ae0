/** A report that was made, and could not be saved: it is told all the same, and why in the end. */
import { UserError } from '../model/errors.ts';
import { visible } from '../report/text.ts';

export interface Reported<Made> {
  readonly report: Made;
  /** Why its evidence is not in a file. */
  readonly unsaved?: UserError | undefined;
}

/** Why what `save` does could not be done; other errors it throws on. */
export async function unsavedBy(save: () => Promise<void>): Promise<UserError | undefined> {
  try {
    await save();
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

/** The reason of an interrupt, which is what a run ends with; that nothing was saved is told before. */
export function interruptedWith(unsaved: UserError | undefined, signal: AbortSignal): unknown {
  if (unsaved !== undefined) process.stderr.write(`note: ${visible(unsaved.message)}\n`);
  return signal.reason;
}
