/** One story for a Service and its endpoints. Pure. */
import type { Destination } from '../model/destination.ts';
import type { Finding } from '../model/report.ts';

/** What was found about one destination. */
interface Found {
  readonly destination: Destination;
  readonly findings: readonly Finding[];
}

/** A Service is as its endpoints are: where one of them is named, the Service's own address is no story of its own. */
export function byEndpoint(found: readonly Found[]): Finding[] {
  const explained = new Set(
    found.flatMap(({ destination: { service }, findings }) =>
      service?.part === 'endpoint' && findings.length > 0 ? [service.label] : [],
    ),
  );
  return found.flatMap(({ destination: { service }, findings }) =>
    service?.part === 'virtual' && explained.has(service.label) ? [] : findings,
  );
}
