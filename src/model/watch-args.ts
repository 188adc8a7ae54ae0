/** What `watch` is asked for. */

import type { FailOn, ReportFormat, RunOptions, TargetSpec } from './args.ts';
import type { ListenAddress, PushTarget } from './exposition.ts';

export interface WatchArgs extends Pick<RunOptions, 'connection' | 'session' | 'to' | 'thresholds'> {
  readonly target: TargetSpec;
  readonly output: ReportFormat;
  /** Where its metrics are served while it runs. */
  readonly metrics?: ListenAddress;
  /** Where they go at its end. */
  readonly push?: PushTarget;
  readonly failOn: FailOn;
  /** How long, in ms. */
  readonly forMs: number;
  /** Between two probes of a destination, in ms. */
  readonly intervalMs: number;
  /** How long the far side goes on without this client, in ms. */
  readonly awayMs: number;
  /** A folder for bundles, packets and the document; absent: a new one in the current folder, once there is something. */
  readonly save?: string;
}
