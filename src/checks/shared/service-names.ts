/** What a Service is called within its cluster. Pure. */
import type { Destination } from '../../model/destination.ts';

/** From anywhere in the cluster, the most telling first; its bare name is for its own namespace alone. */
export function serviceNames({ name, namespace }: NonNullable<Destination['ref']>): string[] {
  const short = `${name}.${namespace}`;
  return [`${short}.svc`, `${short}.svc.cluster.local`, short];
}
