/** What an input is gathered from. */
import type { KubeClient } from '../../kube/client.ts';
import type { Pod } from '../../kube/types.ts';
import type { CheckArgs } from '../../model/args.ts';
import type { Destination } from '../../model/destination.ts';

/** One run's sources: the API, the target's pod and the command line. */
export interface InputContext {
  readonly client: KubeClient;
  readonly pod: Pod;
  readonly args: CheckArgs;
  /** The user's DESTs, resolved once for all checks. */
  readonly asked: readonly Destination[];
  readonly signal: AbortSignal;
}
