/** The input of the latency check. */
import about, { type LatencyOptions } from '../../checks/latency/about.ts';
import { latency } from '../../checks/latency/check.ts';
import { type PreparedCheck, prepared } from '../../checks/registry.ts';
import { optionsIn, thresholdsIn } from '../../checks/shared/about.ts';
import type { InputContext } from './context.ts';
import { always } from './destinations.ts';

/** As part of a diagnosis: as many probes as loss is judged by, in less time. */
const BRIEFLY: LatencyOptions = { count: 50, intervalMs: 40 };

export async function prepareLatency({ args, asked, subject }: InputContext): Promise<PreparedCheck> {
  const { count, intervalMs, ...baseline } = optionsIn(args, about) ?? BRIEFLY;
  const destinations = [...always(subject), ...asked.filter((d) => d.protocol === 'tcp')];
  return prepared(latency, {
    destinations,
    count,
    intervalMs,
    thresholds: { ...thresholdsIn(args, about), ...baseline },
  });
}
