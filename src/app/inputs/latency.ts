/** The input of the latency check. */
import { latency } from '../../checks/latency/check.ts';
import { type PreparedCheck, prepared } from '../../checks/registry.ts';
import type { LatencyFlags } from '../../model/args.ts';
import type { InputContext } from './context.ts';
import { always } from './destinations.ts';

/** As part of a diagnosis: as many probes as loss is judged by, in less time. */
const BRIEFLY: LatencyFlags = { count: 50, intervalMs: 40 };

export async function prepareLatency({ args, asked, subject }: InputContext): Promise<PreparedCheck> {
  const { count, intervalMs, ...baseline } = args.latency ?? BRIEFLY;
  const { rttFactor, rttFloorMs, lossWarning, lossCritical } = args.thresholds;
  const { retransmitWarning, retransmitCritical, bufferbloatFactor, slowServerMs } = args.thresholds;
  const destinations = [...always(subject), ...asked.filter((d) => d.protocol === 'tcp')];
  return prepared(latency, {
    destinations,
    count,
    intervalMs,
    thresholds: {
      rttFactor,
      rttFloorMs,
      lossWarning,
      lossCritical,
      retransmitWarning,
      retransmitCritical,
      bufferbloatFactor,
      slowServerMs,
      ...baseline,
    },
  });
}
