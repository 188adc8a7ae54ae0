/** The input of the latency check. */

import type { InputContext } from '../../cluster/context.ts';
import { always } from '../../cluster/destinations.ts';
import { publishedAt } from '../../cluster/published.ts';
import type { Subject } from '../../cluster/subject.ts';
import type { InputOf } from '../../model/check.ts';
import type { Destination } from '../../model/destination.ts';
import { optionsIn, thresholdsIn } from '../shared/about.ts';
import about, { type LatencyOptions } from './about.ts';
import type check from './check.ts';
import type { ProxiedWay } from './facts.ts';

/** As part of a diagnosis: as many probes as loss is judged by, in less time, and half the connections where that is enough. */
const BRIEFLY = { count: 50, intervalMs: 20, enoughConnects: 25 } as const;

export default async function prepare({
  args,
  asked,
  subject,
}: InputContext): Promise<InputOf<typeof check>> {
  const options = optionsIn(args, about);
  const { baselineMs, ...probes }: LatencyOptions & { enoughConnects?: number } = options ?? BRIEFLY;
  const proxied = options === undefined ? await proxiedOf(subject, asked) : {};
  const destinations = [...always(subject), ...asked.filter((d) => d.protocol === 'tcp')];
  return {
    destinations,
    ...probes,
    ...(Object.keys(proxied).length === 0 ? {} : { proxied }),
    thresholds: { ...thresholdsIn(args, about), ...(baselineMs === undefined ? {} : { baselineMs }) },
  };
}

/** In a diagnosis, where the firewall check asks the API the same. */
async function proxiedOf(
  { cluster, node, isHost }: Subject,
  asked: readonly Destination[],
): Promise<Record<string, ProxiedWay>> {
  if (!cluster) return {};
  const all = await Promise.all(
    asked.map(async (one): Promise<[string, ProxiedWay][]> => {
      const found = one.url === undefined ? undefined : await publishedAt({ cluster, node, isHost }, one);
      if (found?.proxyProtocol === undefined) return [];
      const { label: service, namespace, name, proxyProtocol: annotation } = found;
      return [[one.id, { service, namespace, name, annotation }]];
    }),
  );
  return Object.fromEntries(all.flat());
}
