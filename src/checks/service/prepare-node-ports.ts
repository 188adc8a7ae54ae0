/** Endpoints that somebody wrote by hand and that are a NodePort of the target's own node. */
import { publishedAt } from '../../cluster/published.ts';
import type { Endpoint } from '../../cluster/services.ts';
import type { Destination } from '../../model/destination.ts';
import type { EndpointInfo } from './facts.ts';

/** As parts of the endpoints; of those that are pods nothing is asked. */
export async function ownNodePorts(
  asking: Parameters<typeof publishedAt>[0],
  endpoints: readonly Endpoint[],
  protocol: Destination['protocol'],
): Promise<ReadonlyMap<Endpoint, Pick<EndpointInfo, 'ownNodePort'>>> {
  const written = asking.node === undefined ? [] : endpoints.filter(({ pod }) => pod === undefined);
  const found = await Promise.all(
    written.map(async (one) => {
      const published = await publishedAt(asking, { host: one.address, port: String(one.port), protocol });
      return published?.by === 'node port' && published.node === asking.node
        ? [[one, { ownNodePort: published.label }] as const]
        : [];
    }),
  );
  return new Map(found.flat());
}
