/** The input of the latency check. */

import type { InputContext } from '../../cluster/context.ts';
import { always } from '../../cluster/destinations.ts';
import type { InputOf } from '../../model/check.ts';
import { optionsIn, thresholdsIn } from '../shared/about.ts';
import about, { type LatencyOptions } from './about.ts';
import type check from './check.ts';

/** As part of a diagnosis: as many probes as loss is judged by, in less time, and half the connections where that is enough. */
const BRIEFLY = { count: 50, intervalMs: 20, enoughConnects: 25 } as const;

export default async function prepare({
  args,
  asked,
  subject,
}: InputContext): Promise<InputOf<typeof check>> {
  const { baselineMs, ...probes }: LatencyOptions & { enoughConnects?: number } =
    optionsIn(args, about) ?? BRIEFLY;
  const destinations = [...always(subject), ...asked.filter((d) => d.protocol === 'tcp')];
  return {
    destinations,
    ...probes,
    thresholds: { ...thresholdsIn(args, about), ...(baselineMs === undefined ? {} : { baselineMs }) },
  };
}
