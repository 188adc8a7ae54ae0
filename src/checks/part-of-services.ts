/** What a check's sentence has to say where it has looked at a part of a Service's endpoints only. Pure. */
import type { Destination } from '../model/destination.ts';

/** A sentence with a leading blank; empty where every endpoint was looked at. */
export function partOfServices(input: unknown): string {
  const services = new Map<string, { seen: number; total: number; isSwept: boolean }>();
  for (const { service, protocol } of destinationsOf(input)) {
    if (service?.part !== 'endpoint' || service.total === undefined) continue;
    const { seen } = services.get(service.label) ?? { seen: 0 };
    services.set(service.label, { seen: seen + 1, total: service.total, isSwept: protocol === 'tcp' });
  }
  return [...services]
    .filter(([, { seen, total }]) => seen < total)
    .map(
      ([label, { seen, total, isSwept }]) =>
        ` Of ${label}, this is about ${seen} of ${total} endpoints${isSwept ? '; the service check connects to each' : ''}.`,
    )
    .join('');
}

/** Every check that looks at destinations has them under one of these keys. */
function destinationsOf(input: unknown): readonly Destination[] {
  const { destinations, servers, routes } = (input ?? {}) as {
    readonly destinations?: unknown;
    readonly servers?: unknown;
    readonly routes?: unknown;
  };
  const nested = [servers, routes].flatMap((list) =>
    Array.isArray(list) ? list.map((one: { readonly destination?: Destination }) => one.destination) : [],
  );
  const all = [...(Array.isArray(destinations) ? (destinations as Destination[]) : []), ...nested];
  return all.filter((one): one is Destination => typeof one === 'object' && one !== null);
}
