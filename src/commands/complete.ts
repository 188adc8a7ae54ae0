import type { Completion, CompletionArgs } from '../model/args.ts';

/** What the word may be completed to. */
export async function candidates(_args: CompletionArgs): Promise<Completion[]> {
  return [];
}
