/** The input of the latency check. */

import type { InputContext } from '../../cluster/context.ts';
import { always } from '../../cluster/destinations.ts';
import type { InputOf } from '../../model/check.ts';
import { optionsIn, thresholdsIn } from '../shared/about.ts';
import about, { type LatencyOptions } from './about.ts';
import type check from './check.ts';

/** As part of a diagnosis: as many probes as loss is judged by, in less time. */
const BRIEFLY: LatencyOptions = { count: 50, intervalMs: 20 };

export default async function prepare({
  args,
  asked,
  subject,
}: InputContext): Promise<InputOf<typeof check>> {
  const { count, intervalMs, ...baseline } = optionsIn(args, about) ?? BRIEFLY;
  const destinations = [...always(subject), ...asked.filter((d) => d.protocol === 'tcp')];
  return {
    destinations,
    count,
    intervalMs,
    thresholds: { ...thresholdsIn(args, about), ...baseline },
  };
}
