/** What every kind of target opens to. */
import type { Channel } from '../channels/channel.ts';
import type { Budget } from '../model/budget.ts';
import type { TargetInfo } from '../model/report.ts';

/** An open way into a network namespace. */
export interface Session {
  readonly channel: Channel;
  readonly info: TargetInfo;
  /** What a run may take there. */
  readonly budget: Budget;
  /** What the user should know before trusting what they see; sentences without a trailing dot. */
  readonly notes: readonly string[];
  /** Says that the last commands are being sent: what {@link close} has to know is asked meanwhile. */
  closeSoon?(): void;
  /**
   * Takes away what the session put there, unless it stays on purpose for the next command. A second call does
   * nothing. What cannot be removed is reported on stderr in a sentence, not as an error: the work itself is done.
   */
  close(): Promise<void>;
}

/** What to tell the user while the session opens; texts are short and without a trailing dot. */
export interface OpenOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: (text: string) => void;
}
