/** What the scripts of the probes end with when they do not come to their end; without those scripts, which are large. */

/** The run ended before the plan did; `message` says what the far side printed instead. */
export class GatherError extends Error {
  override readonly name = 'GatherError';
}
