/** One story for a Service and its endpoints. Pure. */
import type { Destination } from '../../model/destination.ts';
import type { Occurrence } from '../../model/finding.ts';

/** What was found about one destination. */
interface Found {
  readonly destination: Destination;
  readonly findings: readonly Occurrence[];
}

/**
 * What is found of a Service's address and of each of its endpoints alike is one story: that of the Service.
 * @param destinations all that were looked at
 */
export function onceForService(
  findings: readonly Occurrence[],
  destinations: readonly Destination[],
): Occurrence[] {
  const has = (id: string, subject: string): boolean =>
    findings.some((f) => f.id === id && f.subject === subject);
  const endpointsOf = (label: string): Destination[] =>
    destinations.filter((d) => d.service?.part === 'endpoint' && d.service.label === label);
  const isShared = (id: string, label: string): boolean =>
    has(id, label) && endpointsOf(label).every((d) => has(id, d.label));
  return findings.flatMap((finding) => {
    const service = destinations.find((d) => d.label === finding.subject)?.service;
    if (service === undefined || !isShared(finding.id, service.label)) return [finding];
    if (service.part === 'endpoint') return [];
    const count = endpointsOf(service.label).length;
    if (count === 0) return [finding];
    const rest = count === 1 ? 'its endpoint by itself' : `each of its ${count} endpoints by itself`;
    return [{ ...finding, summary: `${finding.summary} The same goes for ${rest}.` }];
  });
}

/** A Service is as its endpoints are: where one of them is named, the Service's own address is no story of its own. */
export function byEndpoint(found: readonly Found[]): Occurrence[] {
  const explained = new Set(
    found.flatMap(({ destination: { service }, findings }) =>
      service?.part === 'endpoint' && findings.length > 0 ? [service.label] : [],
    ),
  );
  return found.flatMap(({ destination: { service }, findings }) =>
    service?.part === 'virtual' && explained.has(service.label) ? [] : findings,
  );
}
