/** The input of the latency check. */
import { latency } from '../../checks/latency/check.ts';
import { type PreparedCheck, prepared } from '../../checks/registry.ts';
import type { InputContext } from './context.ts';
import { destinationsOf } from './destinations.ts';

export async function prepareLatency({ client, args, signal }: InputContext): Promise<PreparedCheck> {
  const { count, intervalMs, ...thresholds } = args.latency;
  return prepared(latency, { destinations: await destinationsOf(client, args.to, signal), count, intervalMs, thresholds });
}
