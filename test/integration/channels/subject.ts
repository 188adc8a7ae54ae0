/** What the channel contract is tried on. */
import type { Channel } from '../../../src/channels/channel.ts';

/** A channel that is ready, and how to let go of what it holds. */
export interface OpenedChannel {
  readonly channel: Channel;
  close(): void | Promise<void>;
}

/** Opens a channel; `place` is whatever the module that exports this wants to know. */
export type OpenChannel = (place: string) => OpenedChannel | Promise<OpenedChannel>;

/** One kind of channel into one place. Its commands run on this machine, whose processes the tests count. */
export interface Subject {
  readonly title: string;
  /** Path of a module that exports `open`, an {@link OpenChannel}: a client process imports it too. */
  readonly module: string;
  /** Tells the place once the test file's set-up has made it. */
  readonly place: () => string;
  /** Whether it has terminals of its own, as a remote side does. */
  readonly hasTerminals: boolean;
}
