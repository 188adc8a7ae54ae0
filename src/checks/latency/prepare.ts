/** The input of the latency check. */

import type { InputContext } from '../../cluster/context.ts';
import { always } from '../../cluster/destinations.ts';
import { publishedAt } from '../../cluster/published.ts';
import type { Subject } from '../../cluster/subject.ts';
import type { InputOf } from '../../model/check.ts';
import type { Destination } from '../../model/destination.ts';
import { optionsIn, thresholdsIn } from '../shared/about.ts';
import { isLedOn, type LedOn } from '../shared/led-on.ts';
import { plainHttp2Reasons } from '../shared/prepare-protocols.ts';
import about, { type LatencyOptions } from './about.ts';
import type check from './check.ts';
import type { ProxiedWay } from './facts.ts';
import { frontsOf } from './prepare-fronts.ts';
import { limitedContainers } from './prepare-limits.ts';
import { meshWays } from './prepare-mesh.ts';

/** As part of a diagnosis: as many probes as loss is judged by, in less time, and half the connections where that is enough. */
const BRIEFLY = { count: 50, intervalMs: 20, enoughConnects: 25 } as const;

export default async function prepare({
  args,
  asked,
  subject,
}: InputContext): Promise<InputOf<typeof check>> {
  const options = optionsIn(args, about);
  const { baselineMs, restMs, ...probes }: LatencyOptions & { enoughConnects?: number } = options ?? BRIEFLY;
  const [{ proxied, led }, mesh, limited, fronts, http2] = await Promise.all([
    options === undefined ? waysInto(subject, asked) : NO_WAYS,
    meshWays(subject, asked),
    limitedContainers(subject, asked, args.watch !== undefined),
    restMs === undefined ? {} : frontsOf(subject, asked),
    plainHttp2Reasons(subject, asked),
  ]);
  const destinations = [...always(subject), ...asked.filter((d) => d.protocol === 'tcp')];
  return {
    destinations,
    ...probes,
    ...(Object.keys(proxied).length === 0 ? {} : { proxied }),
    ...(subject.isHost ? { isHost: true } : {}),
    ...(Object.keys(led).length === 0 ? {} : { led }),
    ...(Object.keys(mesh).length === 0 ? {} : { mesh }),
    ...(limited.length === 0 ? {} : { limited }),
    ...(Object.keys(http2).length === 0 ? {} : { http2 }),
    ...(restMs === undefined ? {} : { restMs }),
    ...(Object.keys(fronts).length === 0 ? {} : { fronts }),
    thresholds: { ...thresholdsIn(args, about), ...(baselineMs === undefined ? {} : { baselineMs }) },
  };
}

interface Ways {
  readonly proxied: Readonly<Record<string, ProxiedWay>>;
  readonly led: Readonly<Record<string, LedOn>>;
}

const NO_WAYS: Ways = { proxied: {}, led: {} };

/** In a diagnosis, where the firewall check asks the API the same. */
async function waysInto(subject: Subject, asked: readonly Destination[]): Promise<Ways> {
  const { cluster, node, isHost } = subject;
  if (!cluster) return NO_WAYS;
  const all = await Promise.all(
    asked.map(async (one) => ({ one, found: await publishedAt({ cluster, node, isHost }, one) })),
  );
  const proxied = all.flatMap(({ one, found }): [string, ProxiedWay][] => {
    if (one.url === undefined || found?.proxyProtocol === undefined) return [];
    const { label: service, namespace, name, proxyProtocol: annotation } = found;
    return [[one.id, { service, namespace, name, annotation }]];
  });
  const led = all.flatMap(({ one, found }): [string, LedOn][] => (isLedOn(found) ? [[one.id, found]] : []));
  return { proxied: Object.fromEntries(proxied), led: Object.fromEntries(led) };
}
